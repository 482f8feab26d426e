#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Configurations of a size, for tests/bench/scale: $TB_DIR/a.yaml to attach with, b.yaml to reload, in
# which all that the size counts is different.

# setups CMD ARG...: CMD writes a configuration with `hold: $1`.
setups()
{
	"$1" 30s "${@:2}" >"$TB_DIR/a.yaml"
	"$1" 31s "${@:2}" >"$TB_DIR/b.yaml"
}

conns_config()
{
	printf 'max_connections: %d\nattack:\n  hold: %s\n' "$2" "$1"
}

# setup_conns ROOM
setup_conns()
{
	setups conns_config "$1"
}

# A service per port as long as there are less than 1000, then so many of several ports.
ports_config()
{
	awk -v hold="$1" -v n="$2" 'BEGIN {
		print "services:"
		each = n > 1000 ? int(n / 1000) : 1
		for (port = 1; port <= n; port = last + 1) {
			last = n - port < 2 * each && n > 1000 ? n : port + each - 1
			printf "  - ports: %s\n    attack: { hold: %s }\n", \
				(last > port ? port "-" last : port), hold
		}
	}'
}

# setup_ports N
setup_ports()
{
	setups ports_config "$1"
}

addresses_config()
{
	awk -v hold="$1" -v n="$2" 'BEGIN {
		print "services:"
		for (i = 0; i < n; i++)
			printf "  - ports: 443\n    address: 10.%d.%d.%d\n    attack: { hold: %s }\n", \
				64 + int(i / 65536), int(i / 256) % 256, i % 256, hold
	}'
}

# setup_addresses N
setup_addresses()
{
	setups addresses_config "$1"
}

prefixes_config()
{
	printf 'attack:\n  hold: %s\n' "$1"
	(($2 == 0)) || printf 'deny:\n  file: %s\n' "$TB_DIR/deny"
}

# setup_prefixes N FAMILY: IPv4 addresses, or IPv6 /64s, scattered.
setup_prefixes()
{
	awk -v n="$1" -v family="$2" 'BEGIN {
		for (i = 0; i < n; i++) {
			x = (i * 2654435761 + 12345) % 4294967296
			if (family == 4)
				printf "%d.%d.%d.%d\n", 16 + int(x / 16777216) % 96, int(x / 65536) % 256, \
					int(x / 256) % 256, x % 256
			else
				printf "2001:%x:%x:%x::/64\n", x % 5000, int(x / 65536), i % 65536
		}
	}' >"$TB_DIR/deny"
	setups prefixes_config "$1"
}
