// The status page: it requests the JSON of its location each second and shows
// it. render(), titleOf() and iconOf() are pure functions, which
// tests/status/page_test.cpp runs without a browser, in njs: that is why there
// is no destructuring and no "for ... of".
'use strict';

const FORMATS = { json: 'JSON', prometheus: 'metrics', health: 'health' };

// Transitions beyond these are folded.
const SHOWN_TRANSITIONS = 8;

// Signs that differ in shape, for readers who do not see the colour.
const STATE_SIGNS = { MASTER: '●', BACKUP: '○' };
const STATE_COLOURS = { MASTER: '1a7f37', BACKUP: '0b62c4' };

const GOOD = { css: 'good', sign: '✓' };
const BAD = { css: 'bad', sign: '✗' };
const IDLE = { css: 'idle', sign: '–' };
const VERDICTS = { up: GOOD, down: BAD, checking: { css: 'idle', sign: '…' } };


// --- HTML --------------------------------------------------------------------

const ENTITIES = {
    '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;'
};

function Html(text) {
    this.text = text;
}

// Control characters are not allowed in HTML.
function escapeText(text) {
    return text
        .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '\ufffd')
        .replace(/[&<>"']/g, (c) => ENTITIES[c]);
}

function toHtml(value) {
    if (Array.isArray(value)) {
        return value.map(toHtml).join('');
    }
    if (value instanceof Html) {
        return value.text;
    }
    return value === null ? '' : escapeText(String(value));
}

// html`<b>${text}</b>` escapes each value that is not HTML by itself. Names,
// reasons and responses of servers may contain any text. Line breaks and
// indentation of the template are left out.
function html(strings, ...values) {
    return new Html(strings
        .map((s) => s.replace(/\n\s*/g, ''))
        .reduce((text, s, i) => text + toHtml(values[i - 1]) + s));
}

function fact(name, value) {
    return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function marked(mark, text) {
    return html`<td class="${mark.css}">${mark.sign} ${text}</td>`;
}

function numberCell(value) {
    return html`<td class="number">${value}</td>`;
}

// Cells are texts, or HTML with its own <td>.
function row(heading, cells) {
    return html`
        <tr>
            <th scope="row">${heading}</th>
            ${cells.map((c) => c instanceof Html ? c : html`<td>${c}</td>`)}
        </tr>`;
}

function section(title, content) {
    return html`<section><h2>${title}</h2>${content}</section>`;
}

// The area scrolls by itself on a narrow screen, also with the keyboard.
function table(caption, columns, rows) {
    return html`
        <div class="wide" role="region" tabindex="0" aria-label="${caption}">
            <table>
                <caption>${caption}</caption>
                <thead><tr>
                    ${columns.map((c) => html`<th scope="col">${c}</th>`)}
                </tr></thead>
                <tbody>${rows}</tbody>
            </table>
        </div>`;
}


// --- texts -------------------------------------------------------------------

// "350 ms", "12 s", "3 min 5 s", "2 h 14 min", "5 d 3 h"
function human(ms) {
    const s = Math.floor(ms / 1000);
    const min = Math.floor(s / 60);
    const h = Math.floor(min / 60);

    if (s < 1) {
        return `${Math.max(0, Math.floor(ms))} ms`;
    }
    if (min < 1) {
        return `${s} s`;
    }
    if (h < 1) {
        return `${min} min ${s % 60} s`;
    }
    if (h < 24) {
        return `${h} h ${min % 60} min`;
    }
    return `${Math.floor(h / 24)} d ${h % 24} h`;
}

function ago(ms) {
    return ms === null ? 'never' : `${human(ms)} ago`;
}

// "2024-02-29 23:59:56 UTC"
function timeOfDay(rfc3339) {
    return `${rfc3339.slice(0, 10)} ${rfc3339.slice(11, 19)} UTC`;
}

function since(time, ms) {
    return time === null ? 'never' : `${timeOfDay(time)} (${human(ms)})`;
}

function withSign(number) {
    return number > 0 ? `+${number}` : String(number);
}

function familyOf(record) {
    return record.family === 'ipv4' ? 'IPv4' : 'IPv6';
}

function sum(numbers) {
    return numbers.reduce((total, number) => total + number, 0);
}

// The worst state of all instances, as in $vrrp_state.
function stateOf(status) {
    const has = (state) => status.instances.some((i) => i.state === state);

    return ['FAULT', 'INIT', 'BACKUP'].find(has) || 'MASTER';
}

function signOf(state) {
    return STATE_SIGNS[state] || '✗';
}

function markOf(verdict) {
    return VERDICTS[verdict] || IDLE;
}

function titleOf(status) {
    const stale = status.node.stale ? 'stale: ' : '';

    return `${stale}${stateOf(status)} ${status.node.router_id}`;
}

function iconOf(status) {
    const colour = status.node.stale
        ? '888' : STATE_COLOURS[stateOf(status)] || 'c0272d';

    return 'data:image/svg+xml,<svg xmlns=\'http://www.w3.org/2000/svg\' '
        + 'viewBox=\'0 0 8 8\'><circle cx=\'4\' cy=\'4\' r=\'4\' '
        + `fill='%23${colour}'/></svg>`;
}


// --- the node ----------------------------------------------------------------

// It always exists, so that the elements after it keep their position.
function staleness(node) {
    if (!node.stale) {
        return html`<p class="alarm" role="alert" hidden></p>`;
    }
    return html`
        <p class="alarm" role="alert">
            <strong>Stale</strong>: the last report of the vrrp process was ${
            human(node.age_ms)} ago, it hangs or has exited. ${
            'This page shows its last report.'}
        </p>`;
}

function shortBuild(id) {
    return id === null ? 'unknown' : id.slice(0, 12);
}

function otherBuild(status) {
    const running = status.build_id;
    const installed = status.installed_build_id;

    if (running === null || installed === null || running === installed) {
        return html`<p class="alarm" role="alert" hidden></p>`;
    }
    return html`
        <p class="alarm" role="alert">
            <strong>The module file has changed</strong>: this nginx runs the ${
            'old one until it is upgraded (USR2) or restarted. Build '}${
            shortBuild(running)} runs, ${shortBuild(installed)} is installed.
        </p>`;
}

function listOfStates(instances) {
    if (instances.length < 2) {
        return '';
    }
    return html`<ul class="states">${instances.map((i) => html`
        <li>
            ${signOf(i.state)} <bdi>${i.name}</bdi> <strong>${i.state}</strong>
        </li>`)}</ul>`;
}

function banner(status) {
    const state = stateOf(status);
    const stale = status.node.stale;

    return html`
        <header class="banner ${stale ? 'stale' : state}">
            <h1>
                <bdi>${status.node.router_id}</bdi> <strong>
                <span aria-hidden="true">${signOf(state)} </span>${state}
                </strong>${stale ? ' (stale)' : ''}
            </h1>
            ${listOfStates(status.instances)}
        </header>`;
}

function footer(status) {
    return html`
        <footer>
            <p>ngx_vrrp ${status.version} (build ${
            shortBuild(status.build_id)}), answered ${status.time} ${
            `from data of ${human(status.node.age_ms)} ago`}</p>
            <nav aria-label="other formats">Also as${
            Object.keys(FORMATS).map((format) => html` <a href="?format=${
                format}">${FORMATS[format]}</a>`)}</nav>
        </footer>`;
}


// --- instances ---------------------------------------------------------------

// "VRID 51 on eth0, IPv4, VRRPv3, multicast"
function routerOf(instance) {
    if (instance.mode === 'none') {
        return `no election, on ${instance.interface}, ${familyOf(instance)}`;
    }
    return `VRID ${instance.virtual_router_id} on ${instance.interface}, `
        + `${familyOf(instance)}, VRRPv${instance.version}, ${instance.mode}`;
}

function masterOf(instance) {
    const master = instance.master;

    if (instance.state === 'MASTER') {
        return 'this node';
    }
    if (instance.mode === 'none') {
        return 'no election';
    }
    if (master === null) {
        return 'none heard';
    }
    return `${master.address}, priority ${master.priority}, `
        + `heard ${ago(master.heard_ms)}`;
}

function preemptionOf(instance) {
    const window = instance.preempt_window;

    if (!instance.preempt) {
        return 'off';
    }
    if (window === null) {
        return 'on';
    }
    return `${window.times}, ${window.open ? 'open' : 'closed'}`;
}

// It always exists, so that the elements after it keep their position.
function splitBrain(signs) {
    return html`<div role="alert">${signs.map((s) => html`
        <p class="alarm">
            <strong>✗ Split brain suspected: </strong>
            <strong>${s.sign.replace(/_/g, ' ')}</strong>, since ${
            since(s.since, s.since_ms)}. ${s.detail}
        </p>`)}</div>`;
}

function advertsLost(lost) {
    return html`<div role="alert">${lost === null ? '' : html`
        <p class="alarm">
            <strong>✗ Advertisements lost</strong>, since ${
            since(lost.since, lost.since_ms)}: ${lost.detail}
        </p>`}</div>`;
}

function releaseOf(release) {
    if (release === null) {
        return null;
    }
    const until = release.until === null
        ? 'until it is resumed'
        : `until ${timeOfDay(release.until)} (in ${human(release.until_ms)})`;
    return release.rescue
        ? `${until}, MASTER only while there is no other one`
        : until;
}

function drainOf(drain) {
    const connections = number => number === 1 ? '1 connection'
        : `${number} connections`;
    const texts = [];

    if (drain.finishing !== null) {
        texts.push(`finishes ${connections(drain.finishing.connections)}`);
    }
    if (drain.forwarding !== null) {
        texts.push(`forwards ${connections(drain.forwarding.connections)} to ${
            drain.forwarding.to}`);
    }
    if (texts.length === 0 && drain.unavailable !== null) {
        texts.push(`not available: ${drain.unavailable}`);
    }

    return texts.length === 0 ? null : texts.join(', ');
}

function facts(instance) {
    const optional = (name, value) => value === null ? '' : fact(name, value);
    const retry = instance.retry_ms;

    return html`
        <dl>
            ${fact('Since', since(instance.since, instance.since_ms))}
            ${optional('Reason', instance.reason)}
            ${optional('Fault', instance.fault)}
            ${optional('Retry', retry === null ? null : `in ${human(retry)}`)}
            ${optional('Released', releaseOf(instance.release))}
            ${optional('Drain', instance.drain === null ? null
                : drainOf(instance.drain))}
            ${fact('Master', masterOf(instance))}
            ${fact('Router', routerOf(instance))}
            ${instance.mode === 'none' ? '' : [
                fact('Adverts', `every ${human(instance.advert_int_ms)}`),
                fact('Preemption', preemptionOf(instance))]}
            ${optional('Sends from', instance.source)}
        </dl>`;
}

function term(name, number) {
    return html`
        <tr>
            <th scope="row" colspan="3">${name}</th>
            ${numberCell(number)}<td></td>
        </tr>`;
}

function trackerRow(tracker) {
    const fault = tracker.weight === null;

    return row(html`${tracker.type} <bdi>${tracker.name}</bdi>`, [
        marked(markOf(tracker.state), tracker.state),
        fault ? 'failure is a fault' : `weight ${withSign(tracker.weight)}`,
        numberCell(fault ? '–' : withSign(tracker.adds)),
        tracker.reason ?? sessionOf(tracker.bfd)
    ]);
}

function sessionOf(bfd) {
    return bfd
        ? `${bfd.state}, fails after ${bfd.detection_time_ms} ms` : null;
}

// Why the priority is what it is: a sum, and its limits.
function priority(instance) {
    const base = instance.priority.base;
    const effective = instance.priority.effective;
    const beyond = effective - base - sum(instance.trackers.map((t) => t.adds));
    const rescue = instance.release !== null && instance.release.rescue;
    const limit = rescue ? 'released, the lowest priority'
        : base === 255 ? 'the address owner always has 255'
            : 'limited to 1-254';

    return table(
        `Priority ${effective}`
            + (effective === base ? '' : `, configured ${base}`),
        ['Why', 'State', 'Weight', 'Adds', 'Reason'],
        [term('configured', base), instance.trackers.map(trackerRow),
         beyond === 0 ? '' : term(limit, withSign(beyond)),
         term('effective priority', effective)]);
}

// Only a master has its addresses, and it has all of them. It cannot release an
// address that another program has added.
function presence(master, address) {
    if (master && address.foreign) {
        return marked(
            BAD, 'present, but added by another program: it stays here');
    }
    if (master) {
        return address.present ? marked(GOOD, 'present')
                               : marked(BAD, 'missing');
    }
    return address.present ? marked(BAD, 'present, but not master')
                           : marked(IDLE, 'not present');
}

function addresses(instance) {
    const master = instance.state === 'MASTER';

    if (instance.addresses.length === 0) {
        return '';
    }
    return table(
        'Virtual addresses',
        ['Address', 'Interface', 'Label', 'On the interface'],
        instance.addresses.map((a) => row(
            a.address, [a.interface, a.label, presence(master, a)])));
}

function routePresence(master, route) {
    if (route.missing) {
        return marked(BAD, 'missing');
    }
    return route.present ? marked(master ? GOOD : BAD, 'present')
                         : marked(IDLE, 'not present');
}

function routes(instance, title, list) {
    const master = instance.state === 'MASTER';

    if (list.length === 0) {
        return '';
    }
    return table(
        title,
        ['As configured', 'In the kernel', 'Error'],
        list.map((route) => row(
            route.text, [routePresence(master, route), route.error])));
}

function counters(all) {
    const names = Object.keys(all).filter((name) => name !== 'dropped');
    const drops = Object.keys(all.dropped).filter((name) => all.dropped[name]);

    return html`
        <details>
            <summary>Counters</summary>
            <dl>
                ${names.map((name) => fact(name, all[name]))}
                ${drops.map((n) => fact(`dropped: ${n}`, all.dropped[n]))}
            </dl>
        </details>`;
}

function instances(list) {
    return section('Instances', list.map((instance) => html`
        <article>
            <h3><bdi>${instance.name}</bdi> <strong class="${
            instance.state}">${instance.state}</strong></h3>
            ${splitBrain(instance.split_brain)}
            ${advertsLost(instance.adverts_lost)}
            ${facts(instance)}
            ${priority(instance)}
            ${addresses(instance)}
            ${routes(instance, 'Routes', instance.routes)}
            ${routes(instance, 'Rules', instance.rules)}
            ${counters(instance.counters)}
        </article>`));
}


// --- other nodes -------------------------------------------------------------

const LINK_MARKS = {
    up: GOOD, relayed: GOOD, connecting: { css: 'idle', sign: '…' }
};

function nameOfPeer(peer) {
    return peer.router_id === null ? peer.address : peer.router_id;
}

function linkOf(peer) {
    const mark = LINK_MARKS[peer.state] || BAD;
    const why = peer.reason === null ? '' : `: ${peer.reason}`;
    const rest = peer.since === null
        ? peer.via === null ? '' : ` by ${peer.via}`
        : ` since ${since(peer.since, peer.since_ms)}${why}`;

    return html`<span class="${mark.css}">${mark.sign} ${peer.state}</span>${
        rest}`;
}

// A virtual router that is not configured here has no name.
function peerRouterRow(router) {
    const id = `VRID ${router.virtual_router_id}, ${familyOf(router)}`;

    return row(html`<bdi>${router.name === null ? id : router.name}</bdi>`, [
        router.name === null ? 'not configured here' : id,
        html`<td><strong class="${router.state}">${router.state}</strong></td>`,
        numberCell(router.priority),
        router.successor ? 'has named this node as successor' : ''
    ]);
}

function peerRouters(peer) {
    return peer.instances.length === 0 ? '' : table(
        `Virtual routers of ${nameOfPeer(peer)}`,
        ['Instance', 'Router', 'State', 'Priority', ''],
        peer.instances.map(peerRouterRow));
}

function offsetOf(ms) {
    if (ms === 0) {
        return 'as here';
    }
    return `${human(Math.abs(ms))} ${ms > 0 ? 'ahead' : 'behind'}`;
}

function peerFacts(peer) {
    const details = peer.details;

    if (details === null) {
        return peer.secret || peer.state !== 'up'
            ? '' : fact('Details', 'the peer link needs secret_file');
    }
    return html`
        ${fact('Configured', since(details.configured, details.configured_ms))}
        ${fact('Clock', offsetOf(details.clock_offset_ms))}`;
}

// "2 of 3 servers up" of a pool.
function peerTrackerRow(instance, tracker) {
    return row(html`<bdi>${tracker.name}</bdi>`, [
        html`<td><bdi>${instance.name}</bdi></td>`,
        marked(markOf(tracker.state), tracker.state),
        tracker.servers === 0
            ? '' : `${tracker.servers_up} of ${tracker.servers} servers up`
    ]);
}

// Routers of both families have the same ones.
function peerDetails(peer) {
    const list = peer.details === null ? [] : peer.details.instances;
    const tracked = list.filter((instance, i) => instance.trackers.length !== 0
        && list.findIndex((other) => other.name === instance.name) === i);

    return html`
        ${list.length === 0 ? '' : table(
            `Last changes of ${nameOfPeer(peer)}`,
            ['Instance', 'State', 'Since', 'Reason'],
            list.map((i) => row(
                html`<bdi>${i.name}</bdi> ${familyOf(i)}`,
                [html`<td><strong class="${i.state}">${i.state}</strong></td>`,
                 since(i.since, i.since_ms), i.reason])))}
        ${tracked.length === 0 ? '' : table(
            `Trackers of ${nameOfPeer(peer)}`,
            ['Tracker', 'Instance', 'State', ''],
            tracked.map((i) => i.trackers.map(
                (t) => peerTrackerRow(i, t))))}`;
}

// It always exists, so that the elements after it keep their position.
function drift(list) {
    return html`<div role="alert">${list.map((d) => html`
        <p class="alarm">
            <strong>✗ The nodes differ: </strong>${d.text}, since ${
            since(d.since, d.since_ms)}.
        </p>`)}</div>`;
}

function peers(status) {
    const list = status.peers;

    return list.length === 0 ? '' : section('Other nodes', [
        drift(status.drift), list.map((p) => html`
            <article>
                <h3><bdi>${nameOfPeer(p)}</bdi></h3>
                <dl>
                    ${fact('Address', `${p.address} on ${p.interface}`)}
                    ${fact('Peer link', linkOf(p))}
                    ${p.version === null ? '' : fact('Versions', `ngx_vrrp ${
                        p.version}, nginx ${p.nginx_version}`)}
                    ${peerFacts(p)}
                </dl>
                ${peerRouters(p)}
                ${peerDetails(p)}
            </article>`)]);
}


// --- changes of state --------------------------------------------------------

function transition(t) {
    return html`
        <li class="${t.to}">
            <time datetime="${t.time}">${timeOfDay(t.time)}</time> <small>${
            ago(t.ago_ms)}</small>
            <p><bdi>${t.instance}</bdi> ${t.from} <span role="img"
                ${' '}aria-label="to">→</span> <strong class="${t.to}">${
            t.to}</strong></p>
            <p><bdi>${t.reason}</bdi> <small>process ${t.pid}</small></p>
        </li>`;
}

// Without numbers, which mean nothing, a screen reader still calls it a list.
function timeline(list, start) {
    return html`
        <ol class="timeline" role="list" start="${start}">
            ${list.map(transition)}
        </ol>`;
}

function transitions(all) {
    const shown = all.slice(0, SHOWN_TRANSITIONS);
    const earlier = all.slice(SHOWN_TRANSITIONS);

    return section('Changes of state', [
        all.length === 0 ? html`<p>None yet.</p>` : timeline(shown, 1),
        earlier.length === 0 ? '' : html`
            <details>
                <summary>${earlier.length} earlier</summary>
                ${timeline(earlier, SHOWN_TRANSITIONS + 1)}
            </details>`
    ]);
}


// --- checks, in HAProxy's form -----------------------------------------------

// In the order in which they are configured.
function groupsOf(checks) {
    const groups = [];

    checks.forEach((check) => {
        const group = groups.find((g) => g[0].context === check.context
                                         && g[0].group === check.group);

        if (group === undefined) {
            groups.push([check]);
        } else {
            group.push(check);
        }
    });
    return groups;
}

// "http upstream web: 1 of 2 up"
function captionOf(group) {
    const context = group[0].context;
    const kind = context === 'vrrp' ? 'vrrp: trackers of'
                                    : `${context} upstream`;
    const up = group.filter((check) => check.verdict === 'up').length;

    return `${kind} ${group[0].group}: ${up} of ${group.length} up`;
}

function inMs(ms) {
    return `in ${ms.toFixed(1)} ms`;
}

// "L4CON in 0.2 ms: connection refused"
function failureOf(check) {
    return `${check.reason || ''} ${inMs(check.failed_duration_ms)}`
        + (check.text === null ? '' : `: ${check.text}`);
}

function lastCheck(check, fails) {
    if (check.checked_ago_ms === null) {
        return 'not checked yet';
    }
    return fails ? failureOf(check) : `OK ${inMs(check.duration_ms)}`;
}

function lastFailure(check, fails) {
    const when = ago(check.failed_ago_ms);

    return fails || check.failed_ago_ms === null
        ? when : `${when}, ${failureOf(check)}`;
}

// The newest at the end: low is passed, high and bold is failed.
function history(results) {
    const failed = results.filter((result) => result === '0').length;
    const label = `last ${results.length} checks: ${failed} failed`;

    return html`
        <td><span class="history" role="img" title="${label}" aria-label="${
        label}">${results.map((result) => result === '0' ? html`<b>▇</b>` : '▁')
        }</span></td>`;
}

function checkRow(check) {
    const fails = check.history.slice(-1) === '0';
    const failed = sum(Object.keys(check.fails).map((r) => check.fails[r]));
    const address = check.address === check.name ? '' : check.address;
    const small = (text) => text && html` <small>${text}</small>`;

    return row(
        html`<bdi>${check.name}</bdi>${small(address)}${
            small(check.backup ? 'backup' : '')}`,
        [marked(markOf(check.verdict), check.verdict
                + (check.changed_ago_ms === null
                   ? '' : ` for ${human(check.changed_ago_ms)}`)),
         html`<td class="long">${lastCheck(check, fails)}</td>`,
         history(check.history.split('')),
         html`<td class="long">${lastFailure(check, fails)}</td>`
        ].concat([check.passes, failed, check.changes,
                  human(check.downtime_ms)].map(numberCell)));
}

function checks(list) {
    if (list.length === 0) {
        return '';
    }
    return section('Checks', groupsOf(list).map((group) => table(
        captionOf(group),
        ['Server', 'Status', 'Last check', 'History', 'Last failure', 'Passed',
         'Failed', 'Changes', 'Downtime'],
        group.map(checkRow))));
}


// --- notifications -----------------------------------------------------------

function lastDelivery(channel) {
    const delivered = channel.delivered_ago_ms;
    const failed = channel.failed_ago_ms;

    if (failed !== null && (delivered === null || failed < delivered)) {
        return marked(BAD, `${ago(failed)}: ${channel.last_error || ''}`);
    }
    return delivered === null ? marked(IDLE, 'no delivery yet')
                              : marked(GOOD, ago(delivered));
}

function channelRow(channel) {
    return row(channel.name, [
        html`<td><bdi>${channel.target}</bdi></td>`,
        html`<td><bdi>${channel.instance || 'all'}</bdi></td>`,
        numberCell(channel.delivered),
        numberCell(channel.waiting),
        numberCell(channel.dropped),
        lastDelivery(channel)
    ]);
}

function channels(notifier) {
    if (notifier === null || notifier.channels.length === 0) {
        return '';
    }
    return section('Notifications', table(
        'Notification channels',
        ['By', 'To', 'Instance', 'Delivered', 'Waiting', 'Dropped', 'Last'],
        notifier.channels.map(channelRow)));
}


// --- processes ---------------------------------------------------------------

function lateness(ms) {
    return `at most ${ms.toFixed(1)} ms late`;
}

function checkerRow(name, process) {
    const heard = process.last_beat_ago_ms;

    return heard === null ? '' : row(`vrrp ${name} process`, [
        numberCell(''), ago(heard), lateness(process.worst_lag_ms)]);
}

function workerRow(worker) {
    const heard = ago(worker.heard_ms);

    return row('worker process', [
        numberCell(worker.pid),
        worker.state === 'stalled' ? marked(BAD, `stalled, ${heard}`) : heard,
        ''
    ]);
}

function schedulingOf(node) {
    return (node.realtime_priority === 0
            ? 'no realtime priority'
            : `realtime priority ${node.realtime_priority}`)
        + (node.mlock ? ', memory locked' : '');
}

function nodeFacts(node) {
    return html`
        <dl>
            ${fact('nginx', node.nginx_version)}
            ${fact('Started', since(node.started, node.uptime_ms))}
            ${fact('Configured', since(node.configured, node.configured_ms))}
            ${fact('Generation', node.generation)}
            ${fact('Crashes', node.crashes)}
            ${fact('Scheduling', schedulingOf(node))}
            ${fact('Workers alive', node.fresh_workers)}
            ${fact('Packets of unknown VRIDs', node.unknown_vrid_packets)}
            ${node.startup_delay_left_ms === 0 ? '' : fact(
                'Start delayed for', human(node.startup_delay_left_ms))}
        </dl>`;
}

// Nothing where no other virtual router is heard.
function unknownRouters(routers) {
    return routers.length === 0 ? '' : table(
        'Virtual routers that are not configured here',
        ['VRID', 'Interface', 'Sender', 'Packets', 'Last heard'],
        routers.map((r) => row(r.virtual_router_id, [
            `${r.interface}, ${familyOf(r)}`, r.sender,
            numberCell(r.packets), ago(r.heard_ms)])));
}

function processes(status) {
    const node = status.node;
    const notifier = status.notifier;

    return section('Node', [nodeFacts(node), table(
        'Processes', ['Process', 'PID', 'Last heard', 'Deadlines'],
        [row('vrrp process', [
             numberCell(node.pid), ago(node.age_ms),
             lateness(node.timer_lag.max_us / 1000)]),
         checkerRow('checker', status.checker),
         checkerRow('runner', status.runner),
         notifier === null ? '' : row('vrrp notifier process', [
             numberCell(notifier.pid), '', '']),
         status.workers.map(workerRow)]),
        unknownRouters(node.unknown_routers)]);
}


// The content of <main>.
function render(status) {
    return html`
        ${staleness(status.node)}
        ${otherBuild(status)}
        ${banner(status)}
        ${instances(status.instances)}
        ${peers(status)}
        ${transitions(status.transitions)}
        ${checks(status.checks)}
        ${channels(status.notifier)}
        ${processes(status)}
        ${footer(status)}`.text;
}


// --- in the browser ----------------------------------------------------------

// Takes over what is different, node by node: focus, selection and what was
// scrolled or opened stay.
function takeAttributes(to, from) {
    Array.from(to.attributes).forEach((attribute) => {
        const name = attribute.name;

        if (!from.hasAttribute(name) && name !== 'open') {
            to.removeAttribute(name);
        }
    });
    Array.from(from.attributes).forEach((attribute) => {
        if (to.getAttribute(attribute.name) !== attribute.value) {
            to.setAttribute(attribute.name, attribute.value);
        }
    });
}

function takeChildren(to, from) {
    const old = Array.from(to.childNodes);
    const now = Array.from(from.childNodes);

    now.forEach((node, i) => {
        if (i < old.length) {
            take(old[i], node);
        } else {
            to.append(node);
        }
    });
    old.slice(now.length).forEach((node) => node.remove());
}

function take(to, from) {
    if (to.isEqualNode(from)) {
        return;
    }
    if (to.nodeName !== from.nodeName) {
        to.replaceWith(from);
    } else if (to.nodeType === Node.ELEMENT_NODE) {
        takeAttributes(to, from);
        takeChildren(to, from);
    } else {
        to.nodeValue = from.nodeValue;
    }
}

function show(status) {
    const page = new DOMParser().parseFromString(
        `<main>${render(status)}</main>`, 'text/html');
    const heading = page.querySelector('h1').textContent;
    const known = document.querySelector('h1');

    if (known !== null && known.textContent !== heading) {
        document.getElementById('news').textContent = heading;
    }
    if (document.title !== titleOf(status)) {
        document.title = titleOf(status);
        document.getElementById('icon').href = iconOf(status);
    }
    take(document.querySelector('main'), page.querySelector('main'));
}

function showLost(answered) {
    const lost = document.getElementById('lost');
    const time = answered.toTimeString().slice(0, 8);
    const text = `No answer since ${time}: this page is out of date.`;

    if (lost.hidden || lost.textContent !== text) {
        lost.textContent = text;
    }
    lost.hidden = false;
    document.body.classList.add('lost');
}

async function refresh(address, answered) {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), 5000);
    let last = answered;

    try {
        const answer = await fetch(address, {
            cache: 'no-store',
            credentials: 'same-origin',
            signal: patience.signal
        });

        if (!answer.ok) {
            throw new Error(`status ${answer.status}`);
        }
        show(await answer.json());
        last = new Date();
        document.getElementById('lost').hidden = true;
        document.body.classList.remove('lost');
    } catch (error) {
        showLost(last);
    } finally {
        clearTimeout(timer);
        setTimeout(() => refresh(address, last), 1000);
    }
}

if (typeof document !== 'undefined') {
    const address = new URL(location.href);

    address.searchParams.set('format', 'json');
    address.hash = '';
    refresh(address, new Date());
}
