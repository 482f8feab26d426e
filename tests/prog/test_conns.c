// SPDX-License-Identifier: GPL-2.0
/*
 * Listing a full table: a million connections in maps of the shapes that synguard pins, read,
 * filtered, sorted and printed to /dev/null.  The numbers must be right; how long it took is
 * printed, not judged.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "addr.h"
#include "conns_list.h"
#include "table.h"

enum {
	LIVE = 1000000,
	V6_EACH = 16,
	HALF_OPEN = 1000,
	HZ = 250,
	NOW = 5000,
	CONTENDED_READS = 50000
};

struct maps {
	int conns;
	int halfopen;
	size_t size;
	struct conn *slots;
	__u32 count;
};

/* Every sixth slot stays free, and some are claimed by a program that is not done yet. */
static int slot_used(__u32 slot)
{
	return slot % 6 != 5;
}

static void conn_make(__u32 i, struct conn *conn)
{
	const __u8 v6[16] = {0x20,
			     0x01,
			     0x0d,
			     0xb8,
			     [8] = 1,
			     [12] = (__u8)(i >> 24),
			     [13] = (__u8)(i >> 16),
			     [14] = (__u8)(i >> 8),
			     [15] = (__u8)i};

	*conn = (struct conn){
	    .key = {.remote_port = (__u16)(1024 + i % 60000), .local_port = i % 2 ? 443 : 80},
	    .head = {.state = i % 10 ? ESTABLISHED : TIME_WAIT,
		     .kind = KIND_COOKIE,
		     .socket = i % 10 ? SOCKET_OPEN : SOCKET_TIME_WAIT},
	    .client = {.packets = i,
		       .bytes = (__u64)i * 1000,
		       .mss = 1460,
		       .scaling = 1,
		       .wscale = 7,
		       .sack = 1,
		       .tstamp = 1},
	    .server = {.packets = i / 2,
		       .bytes = (__u64)i * 30000,
		       .mss = 1460,
		       .scaling = 1,
		       .wscale = 7,
		       .sack = 1,
		       .tstamp = 1},
	    .started_s = i % NOW,
	    .seen = (NOW - i % NOW) * HZ,
	    .rtt_ms = (__u16)(i % 300),
	};
	if (i % V6_EACH) {
		addr_from_v4(conn->key.remote, __builtin_bswap32(0x0a000000 + i));
		addr_from_v4(conn->key.local, __builtin_bswap32(0xc0000201));
	} else {
		memcpy(conn->key.remote, v6, 16);
		memcpy(conn->key.local, v6, 15);
	}
}

/* As many again are remains of handshakes that the kernel has given up. */
static void halfopen_fill(int fd)
{
	struct conn conn;
	__u32 i;

	for (i = 0; i < 2 * HALF_OPEN; i++) {
		conn_make(i * V6_EACH + 1, &conn);
		conn.head = (struct conn_head){
		    .state = SYN_RECV, .kind = KIND_KERNEL, .socket = SOCKET_HALF_OPEN};
		conn.seen = (NOW - i % 2 * 100) * HZ;
		assert_int_equal(bpf_map_update_elem(fd, &conn.key, &conn, BPF_ANY), 0);
	}
}

static int maps_make(void **state)
{
	LIBBPF_OPTS(bpf_map_create_opts, mapped, .map_flags = BPF_F_MMAPABLE);
	struct maps *maps = calloc(1, sizeof(*maps));
	__u32 slot, live = 0;

	assert_non_null(maps);
	maps->count = table_slots(LIVE + LIVE / 20);
	maps->conns = bpf_map_create(BPF_MAP_TYPE_ARRAY, "conns", sizeof(__u32),
				     sizeof(struct conn), maps->count, &mapped);
	maps->halfopen = bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "halfopen", sizeof(struct conn_key),
					sizeof(struct conn), MAX_HALFOPEN, NULL);
	assert_true(maps->conns >= 0 && maps->halfopen >= 0);
	maps->size = (size_t)maps->count * sizeof(struct conn);
	maps->slots = mmap(NULL, maps->size, PROT_READ | PROT_WRITE, MAP_SHARED, maps->conns, 0);
	assert_true(maps->slots != MAP_FAILED);
	for (slot = 0; slot < maps->count; slot++) {
		if (slot_used(slot) && live < LIVE)
			conn_make(live++, &maps->slots[slot]);
		else
			maps->slots[slot].head.state = slot % 2 ? SYN_RECV : NONE; /* no kind */
	}
	assert_int_equal(live, LIVE);
	halfopen_fill(maps->halfopen);
	*state = maps;
	return 0;
}

static int maps_drop(void **state)
{
	struct maps *maps = *state;

	munmap(maps->slots, maps->size);
	close(maps->conns);
	close(maps->halfopen);
	free(maps);
	return 0;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Lists to /dev/null, and says on stdout how long that took. */
static struct list_result list(const struct maps *maps, const struct list_request *request,
			       const char *what)
{
	const struct list_source source = {
	    .interface = "eth0",
	    .lead = "",
	    .separator = ",\n",
	    .conns_fd = maps->conns,
	    .halfopen_fd = maps->halfopen,
	    .clock = {.jiffies = NOW * HZ,
		      .hz = HZ,
		      .boottime_s = NOW,
		      .timeouts = {.syn_recv = 60, .established = 432000, .time_wait = 120}},
	};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), kept = dup(STDOUT_FILENO);
	struct list_result result;
	double began;

	assert_true(null >= 0 && kept >= 0);
	fflush(stdout);
	dup2(null, STDOUT_FILENO);
	began = seconds_now();
	assert_int_equal(list_print(&source, request, &result), 0);
	fflush(stdout);
	began = seconds_now() - began;
	dup2(kept, STDOUT_FILENO);
	close(kept);
	close(null);
	printf("# %s: %.2f s\n", what, began);
	return result;
}

static void everything_is_listed(void **state)
{
	static const struct {
		const char *what;
		enum list_form form;
		enum conns_order order;
	} rows[] = {
	    {"count of 1,000,000", LIST_NOTHING, ORDER_NONE},
	    {"table of 1,000,000", LIST_TABLE, ORDER_NONE},
	    {"JSON of 1,000,000", LIST_JSON, ORDER_NONE},
	    {"table of 1,000,000 by bytes", LIST_TABLE, ORDER_BYTES},
	    {"table of 1,000,000 by client", LIST_TABLE, ORDER_CLIENT},
	};
	struct list_result result;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct list_request request = {
		    .form = rows[i].form, .order = rows[i].order, .limit = UINT32_MAX};

		result = list(*state, &request, rows[i].what);
		assert_int_equal(result.tally.connections, LIVE);
		assert_int_equal(result.tally.half_open, HALF_OPEN);
		assert_int_equal(result.tally.state[TIME_WAIT], LIVE / 10);
		assert_int_equal(result.tally.state[ESTABLISHED], LIVE / 10 * 9);
		if (rows[i].form != LIST_NOTHING)
			assert_int_equal(result.shown, LIVE + HALF_OPEN);
	}
}

static void filters_count(void **state)
{
	struct list_request request = {.form = LIST_JSON, .limit = 10, .order = ORDER_IDLE};
	struct list_result result;

	assert_int_equal(filter_client_parse("::/0", &request.filter), 0);
	result = list(*state, &request, "IPv6 only");
	assert_int_equal(result.tally.connections, LIVE / V6_EACH);
	assert_int_equal(result.shown, 10);
	assert_int_equal(filter_client_parse("10.0.0.0/16", &request.filter), 0);
	request.filter.port = 443;
	result = list(*state, &request, "one prefix and port");
	assert_int_equal(result.tally.connections, 65536 / 2);
	request.filter.states = 1U << FILTER_HALF_OPEN;
	result = list(*state, &request, "half-open");
	assert_int_equal(result.tally.connections, 0);
	assert_int_equal(result.tally.half_open, HALF_OPEN);
}

static int visit_count(const struct conn_row *row, void *context)
{
	assert_true(row->conn.head.kind != KIND_NONE);
	++*(__u32 *)context;
	return 0;
}

/* As conns_each does where it may not map the table. */
static void an_unmappable_table_is_read_in_batches(void **state)
{
	const struct maps *maps = *state;
	struct conn zero = {.head = {.state = ESTABLISHED, .kind = KIND_COOKIE}};
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "conns", sizeof(__u32), sizeof(struct conn),
				10000, NULL);
	__u32 slot, seen = 0;

	assert_true(fd >= 0);
	for (slot = 1; slot < 10000; slot += 2)
		assert_int_equal(bpf_map_update_elem(fd, &slot, &zero, BPF_ANY), 0);
	assert_int_equal(conns_each(fd, maps->halfopen, visit_count, &seen), 0);
	assert_int_equal(seen, 5000 + 2 * HALF_OPEN);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everything_is_listed),
	    cmocka_unit_test(filters_count),
	    cmocka_unit_test(an_unmappable_table_is_read_in_batches),
	};

	return cmocka_run_group_tests(tests, maps_make, maps_drop);
}
