/* SPDX-License-Identifier: GPL-2.0 */
/* Configuration files that are refused, and all that is said about each. */
#ifndef TESTS_SETUP_CONFIG_BAD_H
#define TESTS_SETUP_CONFIG_BAD_H

static const struct {
	const char *yaml;
	const char *message;
} bad_rows[] = {
    {"", "f: found nothing, expected settings; {} alone means: all as in synguard config default"},
    {"# nothing\n",
     "f: found nothing, expected settings; {} alone means: all as in synguard config default"},
    {"just words\n", "f:1: found a single value, expected keys of mode, xdp, max_connections, "
		     "attack, services, proven, limits, resend, timeouts, keys, allow, deny"},
    {"- a\n- b\n", "f:1: found a list, expected keys of mode, xdp, max_connections, attack, "
		   "services, proven, limits, resend, timeouts, keys, allow, deny"},
    {"mode: auto\n---\nmode: auto\n", "f:3: found a second YAML document, expected one"},
    {"mode: auto\n\txdp: auto\n",
     "f:2: expected valid YAML, but: while scanning a plain scalar, found a tab character that "
     "violates indentation (a tab: indent with spaces)"},
    {"attack:\n  hold: 30s\n\tsyn_rate: {}\n",
     "f:3: expected valid YAML, but: while scanning a plain scalar, found a tab character that "
     "violates indentation (a tab: indent with spaces)"},
    {"mode: [auto\nxdp: auto\n", "f:2: expected valid YAML, but: while parsing a flow sequence, "
				 "did not find expected ',' or ']'"},
    {"mode: \xff\n", "f:1: found invalid leading UTF-8 octet, expected a text file in UTF-8"},
    {"xdp: auto\nmode: \x01\n",
     "f:2: found control characters are not allowed, expected a text file in UTF-8"},
    {"mode: *nothing\n", "f:1: expected valid YAML, but: found undefined alias"},
    {"mode: {a: b}\n", "f:1: mode: found keys with values, expected a single value"},
    {"mode:\n", "f:1: mode: found '', expected one of always, monitor, auto"},
    {"mdoe: auto\n", "f:1: found the key 'mdoe', expected one of mode, xdp, max_connections, "
		     "attack, services, proven, limits, resend, timeouts, keys, allow, deny"},
    {"? [a]\n: b\n",
     "f:1: found the key of more than one word, expected one of mode, xdp, max_connections, "
     "attack, services, proven, limits, resend, timeouts, keys, allow, deny"},
    {"mode: auto\nxdp: auto\nmode: always\n",
     "f:3: mode: found a second time, expected only that of line 1"},
    {"attack: 5\n",
     "f:1: attack: found a single value, expected keys of syn_rate, unfinished, hold"},
    {"attack:\n", "f:1: attack: found nothing, expected keys of syn_rate, unfinished, hold"},
    {"attack:\n  hold: 30s\n  hodl: 30s\n",
     "f:3: attack: found the key 'hodl', expected one of syn_rate, unfinished, hold"},
    {"services: all\n",
     "f:1: services: found a single value, expected a list, each item after a dash"},
    {"services:\n- 80\n", "f:2: services[0]: found a single value, expected keys of ports, "
			  "address, mode, speaks_first, attack"},
    {"services:\n- ports: [80, 443]\n",
     "f:2: services[0].ports: found a list, expected a single value"},
    {"services:\n- {ports: 80,443}\n", "f:2: services[0]: found the key '443', expected one of "
				       "ports, address, mode, speaks_first, attack"},
    {"services:\n- mode: auto\n",
     "f:2: services[0].ports: found nothing, expected ports such as 80,443,8000-8100, or all"},
    {"services:\n- ports: 80\n- ports: 81\n  attack:\n    hold: 30 apples\n",
     "f:5: services[1].attack.hold: found '30 apples', expected a time such as 500ms, 30s, 5m, 2h, "
     "1d"},
    {"attack: {hold: 999ms}\n", "f:1: attack.hold: found '999ms', expected a time from 1s to 1d"},
    {"attack: {hold: 25h}\n", "f:1: attack.hold: found '25h', expected a time from 1s to 1d"},
    {"attack: {hold: 30}\n",
     "f:1: attack.hold: found '30', expected a time such as 500ms, 30s, 5m, 2h, 1d"},
    {"mode: never\n", "f:1: mode: found 'never', expected one of always, monitor, auto"},
    {"xdp: \"a\\u0007b\"\n", "f:1: xdp: found 'a?b', expected one of auto, native, generic"},
    {"max_connections: 1023\n",
     "f:1: max_connections: found '1023', expected a number from 1024 to 16777216"},
    {"max_connections: lots\n",
     "f:1: max_connections: found 'lots', expected a number such as 5000, 256k, 1M"},
    {"attack: {syn_rate: {on: 5k/s, off: 6k/s}}\n",
     "f:1: attack.syn_rate.off: found '6k/s', expected at most what is above which an attack "
     "begins (on): 5k/s"},
    {"attack:\n  syn_rate:\n    off: 30k/s\n",
     "f:3: attack.syn_rate.off: found '30k/s', expected at most what is above which an attack "
     "begins (on): 20k/s"},
    {"attack: {syn_rate: {off: none}}\n", "f:1: attack.syn_rate.off: found 'none', expected at "
					  "most what is above which an attack begins (on): 20k/s"},
    {"attack: {unfinished: {on: 101%}}\n",
     "f:1: attack.unfinished.on: found '101%', expected a percentage from 1% to 100%, or none"},
    {"attack: {unfinished: {on: 0%}}\n",
     "f:1: attack.unfinished.on: found '0%', expected a percentage from 1% to 100%, or none"},
    {"attack: {unfinished: {on: 50}}\n",
     "f:1: attack.unfinished.on: found '50', expected a percentage such as 50%, or none"},
    {"attack: {syn_rate: {on: none}, unfinished: {on: none}}\n",
     "f:1: attack: found no threshold, expected syn_rate.on or unfinished.on other than none in "
     "mode auto"},
    {"mode: always\nattack: {syn_rate: {on: none}, unfinished: {on: none}}\nservices:\n- ports: "
     "80\n  mode: monitor\n",
     "f:4: services[0].attack: found no threshold, expected syn_rate.on or unfinished.on other "
     "than none in mode monitor"},
    {"proven: {for: 19h}\n",
     "f:1: proven.for: found '19h', expected a time from 1s to 18h, in whole seconds, or never"},
    {"proven: {for: 1500ms}\n",
     "f:1: proven.for: found '1500ms', expected a time from 1s to 18h, in whole seconds, or never"},
    {"proven: {credit: 256}\n", "f:1: proven.credit: found '256', expected a number from 0 to 255"},
    {"limits: {bad_acks: {rate: 0/s}}\n",
     "f:1: limits.bad_acks.rate: found '0/s', expected a rate from 1/s to 4294967295/s, or none"},
    {"limits: {bad_acks: {rate: 1M/s}}\n", "f:1: limits.bad_acks.burst: found '2k' (the default), "
					   "expected at least 10k, a hundredth of the rate 1M/s"},
    {"limits: {bad_acks: {burst: 3M}}\n",
     "f:1: limits.bad_acks.burst: found '3M', expected a number from 1 to 2M"},
    {"limits: {bad_acks: {burst: 9}}\n",
     "f:1: limits.bad_acks.burst: found '9', expected at least 10, a hundredth of the rate 1k/s"},
    {"resend: {times: 6, after: 199ms}\n",
     "f:1: resend.times: found '6', expected a number from 0 to 5\n"
     "f:1: resend.after: found '199ms', expected a time from 200ms to 10s"},
    {"timeouts: {established: 21d}\n",
     "f:1: timeouts.established: found '21d', expected a time from 1s to 20d, in whole seconds"},
    {"keys: {rotate: 1m}\n",
     "f:1: keys.rotate: found '1m', expected a time from 2m to 365d, in whole seconds, or never"},
    {"keys: {rotate: 1d, file: /k}\n", "f:1: keys.rotate: found '1d', expected never (or no "
				       "keys.file): who shares a key must change it together"},
    {"keys: {file: key}\n",
     "f:1: keys.file: found 'key', expected a file name from the root, as in /etc/synguard/NAME"},
    {"allow: {file: ''}\n",
     "f:1: allow.file: found '', expected a file name from the root, as in /etc/synguard/NAME"},
    {"services:\n- ports: 80\n  address: example.org\n",
     "f:3: services[0].address: found 'example.org', expected an address of this host such as "
     "192.0.2.1 or 2001:db8::1; without this key: all addresses"},
    {"services:\n- ports: 80\n  address: 0.0.0.0\n",
     "f:3: services[0].address: found '0.0.0.0', expected an address of this host such as "
     "192.0.2.1 or 2001:db8::1; without this key: all addresses"},
    {"services:\n- ports: 80\n  address: \"[2001:db8::1]\"\n",
     "f:3: services[0].address: found '[2001:db8::1]', expected an address of this host such as "
     "192.0.2.1 or 2001:db8::1; without this key: all addresses"},
    {"services:\n- ports: 80\n  speaks_first: maybe\n",
     "f:3: services[0].speaks_first: found 'maybe', expected one of no, yes"},
    {"services:\n- ports: 80,\n",
     "f:2: services[0].ports: found '80,', expected ports such as 80,443,8000-8100, or all (an "
     "item is missing: at an end, or between two commas)"},
    {"services:\n- ports: 80-70\n",
     "f:2: services[0].ports: found '80-70', expected ports such as 80,443,8000-8100, or all "
     "('80-70': the range is reversed; write 70-80)"},
    {"services:\n- ports: 0\n", "f:2: services[0].ports: found '0', expected ports such as "
				"80,443,8000-8100, or all ('0': a port is 1 to 65535)"},
    {"services:\n- ports: 65536\n", "f:2: services[0].ports: found '65536', expected ports such as "
				    "80,443,8000-8100, or all ('65536': a port is 1 to 65535)"},
    {"services:\n- ports: http\n",
     "f:2: services[0].ports: found 'http', expected ports such as 80,443,8000-8100, or all "
     "('http' is no port (1 to 65535) and no range such as 8000-8100)"},
    {"services:\n- ports: 80,80\n",
     "f:2: services[0].ports: found '80,80', expected ports of no other service: port 80 and the "
     "service of port 80 overlap; a port has one service"},
    {"services:\n- ports: 80\n- ports: 443\n- ports: 70-90\n",
     "f:4: services[2].ports: found '70-90', expected ports of no other service: ports 70-90 and "
     "the service of port 80 overlap; a port has one service"},
    {"services:\n- ports: all\n- ports: 1-65535\n",
     "f:3: services[1].ports: found '1-65535', expected ports of no other service: services[0] has "
     "all ports, too"},
    {"services:\n- ports: all\n  address: 192.0.2.1\n",
     "f:2: services[0].ports: found 'all', expected ports of no other service: 192.0.2.1 ports "
     "3307-65535: there is room for 16384 ports with an address of their own; leave the address "
     "out to protect the ports of all addresses"},
    {"services: &a [*a]\n",
     "f:1: services[0]: found a list, expected keys of ports, address, mode, speaks_first, attack"},
    {"attack: &a {syn_rate: *a}\n",
     "f:1: attack.syn_rate: found the key 'syn_rate', expected one of on, off"},
    {"<<: {mode: auto}\n", "f:1: found the key '<<', expected one of mode, xdp, max_connections, "
			   "attack, services, proven, limits, resend, timeouts, keys, allow, deny"},
    {"mode: x\nservices:\n- ports: y\n  mode: z\nxdp: w\n",
     "f:1: mode: found 'x', expected one of always, monitor, auto\n"
     "f:4: services[0].mode: found 'z', expected one of always, monitor, auto\n"
     "f:5: xdp: found 'w', expected one of auto, native, generic"},
};

#endif
