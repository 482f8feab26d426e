// SPDX-License-Identifier: GPL-2.0
/*
 * Enters connections into the table of a synguard that is attached, as if their packets had been
 * seen just now: open ones, or such as are over and wait for their time.  Prints how many.
 */
#include "../tools/tool.h"

#include <arpa/inet.h>
#include <sys/mman.h>

#include "fill.h"
#include "jiffies.h"
#include "maps.h"
#include "pins.h"
#include "table.h"

struct fill_request {
	const char *dir, *server;
	uint64_t conns, port;
	bool closed;
};

static void must_load(const char *dir, const char *name, void *value, size_t size)
{
	if (map_load(dir, name, value, size))
		die(EXIT_FAILURE, "%s/%s: cannot read", dir, name);
}

static void *must_map(const char *dir, const char *name, size_t size)
{
	const int fd = map_open(dir, name);
	void *memory =
	    fd < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		die(EXIT_FAILURE, "%s/%s: cannot map it into memory", dir, name);
	close(fd);
	return memory;
}

static __u32 fill_run(const struct fill_request *r, __be32 server)
{
	struct runtime rt;
	struct config config;
	struct keys keys;
	struct conn conn;
	struct fill f = {0};
	__u64 now;
	__u32 n;

	must_load(r->dir, "config", &config, sizeof(config));
	must_load(r->dir, "keys", &keys, sizeof(keys));
	must_load(r->dir, "runtime", &rt, sizeof(rt));
	if (jiffies_read(&now))
		die(EXIT_FAILURE, "cannot read jiffies");
	f.slots = must_map(r->dir, "conns", config.slots * sizeof(*f.slots));
	f.presence =
	    must_map(r->dir, "presence", presence_words(config.slots) * sizeof(*f.presence));
	f.n_slots = config.slots;
	f.tuple = keys.tuple;
	conn = r->closed ? fill_closed((__u32)now) : fill_open((__u32)now);
	n = fill_clients(&f, (__u32)r->conns, server, (__u16)r->port, &conn);
	rt.conns_made += n;
	if (map_store(r->dir, "runtime", &rt, sizeof(rt)))
		die(EXIT_FAILURE, "%s: cannot write", r->dir);
	return n;
}

int main(int argc, char **argv)
{
	struct fill_request r = {.port = 80};
	const char *iface = "";
	char dir[PIN_PATH_MAX];
	struct arg args[] = {
	    {"iface", "IFACE", ARG_TEXT, &iface, true},
	    {"server", "IPV4", ARG_TEXT, &r.server, true},
	    {"port", "PORT (default 80)", ARG_NUMBER, &r.port, false},
	    {"conns", "N", ARG_NUMBER, &r.conns, true},
	    {"closed", NULL, ARG_FLAG, &r.closed, false},
	    {0},
	};
	struct in_addr server;

	args_parse(argc, argv, args, "", NULL, 0);
	if (!inet_aton(r.server, &server))
		die(EXIT_USAGE, "--server: '%s' is no IPv4 address", r.server);
	pins_dir(iface, dir);
	r.dir = dir;
	printf("%u\n", fill_run(&r, server.s_addr));
	return EXIT_SUCCESS;
}
