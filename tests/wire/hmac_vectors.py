#!/usr/bin/python3
"""Prints the packets of hmac_trailer_test.cpp: run tests/wire/hmac_vectors.py.

Computed by Python's hmac, and not by code of the module. The first two are the
vectors of draft-cassen-vrrp-auth-hmac; "v3" was sent by keepalived 2.4.3.
"""

import hashlib
import hmac
import ipaddress
import struct


def checksum(octets):
    total = sum(struct.unpack('!%dH' % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def packet(version, priority, timing, vip, source, destination, key, key_id,
           sequence, data=b'', pseudo=True):
    src = ipaddress.ip_address(source)
    dst = ipaddress.ip_address(destination)
    pdu = (bytes([version << 4 | 1, 51, priority, 1])
           + struct.pack('!HH', timing, 0)
           + ipaddress.ip_address(vip).packed + data)
    head = bytes([1, key_id, 0, 0]) + struct.pack('!IHH', *sequence)
    text = (bytes([src.version, version, 51, 0])
            + src.packed.ljust(16, b'\0') + pdu + head + bytes(16))
    trailer = head + hmac.new(key, text, hashlib.sha256).digest()[:16]

    if src.version == 6:
        summed = (src.packed + dst.packed
                  + struct.pack('!II', len(pdu + trailer), 112)
                  + pdu + trailer)
    elif version == 3 and pseudo:
        summed = (src.packed + dst.packed
                  + struct.pack('!BBH', 0, 112, len(pdu)) + pdu)
    else:
        summed = pdu

    return (pdu[:6] + struct.pack('!H', checksum(summed)) + pdu[8:]
            + trailer).hex()


KEY = bytes(range(32))
DRAFT = (0x68000000, 0x8000, 0)
LATER = (0x6affd169, 0xea0b, 0)

print('draft, IPv4', packet(3, 200, 100, '192.0.2.100', '198.51.100.10',
                            '224.0.0.18', KEY, 1, DRAFT, pseudo=False))
print('draft, IPv6', packet(3, 200, 100, 'fe80::100', 'fe80::10', 'ff02::12',
                            KEY, 1, DRAFT))
print('v3', packet(3, 100, 50, '10.99.0.100', '10.99.0.1', '224.0.0.18', KEY,
                   1, LATER))
print('unicast', packet(3, 100, 50, '10.99.0.100', '10.99.0.1', '10.99.0.2',
                        b'k' * 64, 255, (0x6affd169, 0xea0b, 7)))
print('v2', packet(2, 100, 1, '10.99.0.100', '10.99.0.1', '224.0.0.18', KEY,
                   2, (0x6affd169, 0xea0b, 0xffff), bytes(8)))
