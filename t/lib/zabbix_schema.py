#!/usr/bin/python3
"""Checks a Zabbix template against what the manual of Zabbix 6.0 says about
export files: the elements, which of them are required, and their values.

Prints one line for each mistake. usage: zabbix_schema.py FILE
"""

import re
import sys

import yaml

UUID = re.compile(r'^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$')
TIME = re.compile(r'^(0|\d+[smhdw]?)$')
# The manual names no macros for the values of macros.
NO_MACRO = re.compile(r'^[^{}]+$')
KEY = re.compile(r'^[\w.-]+(\[.*\])?$')
TEXT = re.compile(r'^.+$', re.S)
# A step without a comparison with true or false: Zabbix has no such constants.
PATH = re.compile(r'^\$(\.\w+|\.\w+\(\)'
                  r'|\[\?\(@\.\w+==(\'[^\']*\'|-?\d+)\)\])+$')


def one_of(*words):
    return re.compile('^(' + '|'.join(words) + ')$')


TRIGGER = {
    'uuid!': UUID, 'expression!': TEXT, 'name!': TEXT, 'description': TEXT,
    'priority': one_of('NOT_CLASSIFIED', 'INFO', 'WARNING', 'AVERAGE', 'HIGH',
                       'DISASTER'),
}
STEPS = [{'type!': one_of('JSONPATH'), 'parameters!': [PATH]}]
MASTER = {'key!': KEY}
ITEM = {
    'uuid!': UUID, 'name!': TEXT, 'type!': one_of('HTTP_AGENT', 'DEPENDENT'),
    'key!': KEY, 'delay': TIME, 'history': TIME, 'trends': TIME,
    'value_type': one_of('FLOAT', 'CHAR', 'UNSIGNED', 'TEXT'),
    'timeout': TIME, 'url': TEXT, 'preprocessing': STEPS,
    'master_item': MASTER, 'triggers': [TRIGGER],
}
PROTOTYPE = {key: ITEM[key] for key in ITEM if key != 'triggers'}
PROTOTYPE['trigger_prototypes'] = [TRIGGER]
RULE = {
    'uuid!': UUID, 'name!': TEXT, 'type!': one_of('DEPENDENT'), 'key!': KEY,
    'delay': TIME, 'master_item': MASTER, 'preprocessing': STEPS,
    'lld_macro_paths': [{
        'lld_macro!': re.compile(r'^\{#[A-Z0-9_.]+\}$'), 'path!': PATH}],
    'item_prototypes': [PROTOTYPE],
}
GROUP = {'name!': TEXT}
SCHEMA = {'zabbix_export!': {
    'version!': one_of(r'6\.0'),
    'groups!': [{'uuid!': UUID, **GROUP}],
    'templates!': [{
        'uuid!': UUID, 'template!': TEXT, 'name': TEXT, 'description': TEXT,
        'groups!': [GROUP],
        'macros': [{'macro!': re.compile(r'^\{\$[A-Z0-9_.]+\}$'),
                    'value': NO_MACRO, 'description': TEXT}],
        'items': [ITEM], 'discovery_rules': [RULE],
    }],
}}


def check(value, schema, where):
    if isinstance(schema, re.Pattern):
        if not isinstance(value, str) or not schema.match(value):
            yield f'{where}: {value!r}'
    elif isinstance(schema, list):
        if not isinstance(value, list) or not value:
            yield f'{where}: no list'
            return
        for number, one in enumerate(value):
            yield from check(one, schema[0], f'{where}[{number}]')
    elif not isinstance(value, dict):
        yield f'{where}: no element'
    else:
        rules = {key.rstrip('!'): rule for key, rule in schema.items()}
        for key in schema:
            if key.endswith('!') and key[:-1] not in value:
                yield f'{where}: no {key[:-1]}'
        for key, one in value.items():
            if key in rules:
                yield from check(one, rules[key], f'{where}.{key}')
            else:
                yield f'{where}: unknown element {key}'


def items_of(template):
    yield from template.get('items', [])
    for rule in template.get('discovery_rules', []):
        yield rule
        yield from rule.get('item_prototypes', [])


def check_items(template):
    items = {item['key']: item for item in items_of(template)}
    macros = [macro['macro'] for macro in template.get('macros', [])]
    for key, item in items.items():
        depends = item['type'] == 'DEPENDENT'
        master = item.get('master_item', {}).get('key')
        if depends != (master is not None) or (depends
                                               and master not in items):
            yield f'{key}: its master item is {master}'
        if depends and item.get('delay') != '0':
            yield f'{key}: a dependent item has no delay'
        if not depends and ('url' not in item or 'delay' not in item):
            yield f'{key}: needs url and delay'
        for macro in re.findall(r'\{\$[^}]*\}', item.get('url', '')):
            if macro not in macros:
                yield f'{key}: no macro {macro}'
        if (item.get('value_type') in ('TEXT', 'CHAR')
                and item.get('trends') != '0'):
            yield f'{key}: a text has no trends'
        for trigger in (item.get('triggers', [])
                        + item.get('trigger_prototypes', [])):
            yield from check_trigger(key, trigger['expression'], items,
                                     template['template'])


def check_trigger(owner, expression, items, name):
    for host, key in re.findall(r'\(/([^/]+)/([\w.]+(?:\[[^\]]*\])?)',
                                expression):
        if host != name or key not in items:
            yield f'{owner}: no item /{host}/{key}'
    if not re.search(r'/' + re.escape(owner) + r'[,)]', expression):
        yield f'{owner}: a trigger of another item: {expression}'
    for function in re.findall(r'(\w+)\(', expression):
        if function not in ('last', 'min', 'max', 'change', 'nodata'):
            yield f'{owner}: unknown function {function}'


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        document = yaml.safe_load(file)
    mistakes = list(check(document, SCHEMA, ''))
    if not mistakes:
        for template in document['zabbix_export']['templates']:
            mistakes += check_items(template)
    for mistake in mistakes:
        print(mistake)


main()
