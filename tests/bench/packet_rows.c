// SPDX-License-Identifier: GPL-2.0
/* What `make bench` measures, row by row, and the ratios aimed at. */
#include <fnmatch.h>

#include "packet.h"

#define TCX_NEXT -1

static const char *const families[FAMILIES] = {"v4", "v6", "vlan"};
static const char *const stacks[STACKS] = {"linux", "windows", "macos", "none"};

/* One of BENCH_ONLY's patterns fits, or there are none. */
static int wanted(const char *name)
{
	const char *only = getenv("BENCH_ONLY");
	char *list = strdup(only && *only ? only : "*"), *rest = list;
	int found = 0;

	must(list != NULL, "allocate memory");
	for (char *p = strtok_r(list, " ,", &rest); p && !found; p = strtok_r(NULL, " ,", &rest))
		found = !fnmatch(p, name, 0);
	free(list);
	return found;
}

/* The row, of this name. */
static void add(struct rows *rows, struct row row, const char *name, const char *what)
{
	must(rows->n < ROWS_MAX, "add another row");
	snprintf(row.name, sizeof(row.name), "%s", name);
	snprintf(row.what, sizeof(row.what), "%s%s", what,
		 row.family == FAMILY_V6 ? ", IPv6" : (row.family == FAMILY_VLAN ? ", VLAN" : ""));
	rows->row[rows->n++] = row;
}

static const char *source_name(enum bench_source source)
{
	return source == SOURCE_ANY ? "random" : "fixed";
}

static void syn_add(struct rows *rows, enum family family, enum stack stack,
		    enum bench_source source)
{
	const struct row row = {
	    .target = TARGET_SYNGUARD,
	    .kind = FRAME_SYN,
	    .family = family,
	    .stack = stack,
	    .source = source,
	    .verdict = XDP_TX,
	    .reason = REASON_syn_cookie_sent,
	    .most = stack == STACK_NONE ? 3 : (source == SOURCE_ANY ? 4.5 : 3.5),
	};
	char name[sizeof(row.name)], what[sizeof(row.what)];

	snprintf(name, sizeof(name), "syn_%s_%s_%s", families[family], stacks[stack],
		 source_name(source));
	snprintf(what, sizeof(what), "SYN answered, options of %s, source %s", stacks[stack],
		 source_name(source));
	add(rows, row, name, what);
}

static void syns_add(struct rows *rows)
{
	const struct row attacked = {
	    .target = TARGET_SYNGUARD,
	    .kind = FRAME_SYN,
	    .source = SOURCE_ANY,
	    .attacked = 1,
	    .verdict = XDP_TX,
	    .reason = REASON_syn_cookie_sent,
	    .most = 4.5,
	};

	for (enum family family = 0; family < FAMILIES; family++)
		for (enum stack stack = 0; stack < STACKS; stack++) {
			syn_add(rows, family, stack, SOURCE_FRAME);
			syn_add(rows, family, stack, SOURCE_ANY);
		}
	add(rows, attacked, "syn_auto_random", "syn_v4_linux_random in mode auto, in an attack");
}

struct ack_words {
	const char *name, *what;
	enum frame_kind kind;
	int verdict;
	enum reason reason;
	double most_fixed, most_random;
};

static const struct ack_words acks[] = {
    {"valid", "ACK with a valid cookie, each another one", FRAME_ACK_VALID, XDP_PASS,
     REASON_ack_cookie_valid, 6, 6},
    {"bad", "ACK with a bad cookie", FRAME_ACK_BAD, XDP_DROP, REASON_ack_cookie_invalid, 3, 4.5},
    {"expired", "ACK with an expired cookie", FRAME_ACK_EXPIRED, XDP_DROP,
     REASON_ack_cookie_expired, 0, 0},
};

static void ack_add(struct rows *rows, const struct ack_words *a, enum family family,
		    enum bench_source source, enum table table)
{
	const struct row row = {
	    .target = TARGET_SYNGUARD,
	    .kind = a->kind,
	    .family = family,
	    .source = source,
	    .table = table,
	    .verdict = a->verdict,
	    .reason = a->reason,
	    .most = source == SOURCE_ANY ? a->most_random : a->most_fixed,
	};
	char name[sizeof(row.name)], what[sizeof(row.what)];

	snprintf(name, sizeof(name), "ack_%s_%s_%s%s", a->name, families[family],
		 source_name(source), table == TABLE_BIG ? "_1m" : "");
	snprintf(what, sizeof(what), "%s, source %s%s", a->what, source_name(source),
		 table == TABLE_BIG ? ", beside a million" : "");
	add(rows, row, name, what);
}

static void acks_add(struct rows *rows)
{
	for (size_t i = 0; i < COUNT_OF(acks); i++)
		for (enum family family = FAMILY_V4; family <= FAMILY_V6; family++) {
			ack_add(rows, &acks[i], family, SOURCE_FRAME, TABLE_USUAL);
			ack_add(rows, &acks[i], family, SOURCE_ANY, TABLE_USUAL);
		}
	ack_add(rows, &acks[0], FAMILY_V4, SOURCE_FRAME, TABLE_BIG);
	ack_add(rows, &acks[0], FAMILY_V4, SOURCE_ANY, TABLE_BIG);
}

static void conns_add(struct rows *rows)
{
	struct row row = {
	    .target = TARGET_SYNGUARD,
	    .kind = FRAME_DATA,
	    .conns = 1,
	    .verdict = XDP_PASS,
	    .reason = REASON_conn_packet,
	    .most = 2,
	};

	add(rows, row, "conn_1", "data on a connection, one live");
	row.family = FAMILY_V6;
	add(rows, row, "conn_1_v6", "data on a connection, one live");
	row.family = FAMILY_V4;
	row.source = SOURCE_CONNS;
	row.most = 0;
	row.conns = 1000;
	add(rows, row, "conn_1k", "data on a connection, at random of 1000 live");
	row.conns = 100000;
	add(rows, row, "conn_100k", "data on a connection, at random of 100000 live");
	row.conns = CONNS_MILLION;
	row.table = TABLE_BIG;
	row.most = 4;
	add(rows, row, "conn_1m", "data on a connection, at random of 1000000 live");
	row.target = TARGET_TOUCH;
	row.reason = REASON_MAX;
	row.most = 0;
	add(rows, row, "memory_1m", "a random slot of the table of conn_1m, nothing else");
	row.table = TABLE_USUAL;
	row.conns = 1;
	add(rows, row, "memory_usual", "a random slot of the default --max-conns, nothing else");
}

/* SYNs from all over the address space, with and without a denylist of a million. */
static void denied_add(struct rows *rows)
{
	static const char *const names[2][3] = {{"syn_v4_spread", "deny_1m_v4", "denied_v4"},
						{"syn_v6_spread", "deny_1m_v6", "denied_v6"}};
	struct row row = {.target = TARGET_SYNGUARD, .kind = FRAME_SYN};

	for (int v6 = 0; v6 < 2; v6++) {
		row.family = v6 ? FAMILY_V6 : FAMILY_V4;
		row.source = SOURCE_UNLISTED;
		row.denying = 0;
		row.verdict = XDP_TX;
		row.reason = REASON_syn_cookie_sent;
		add(rows, row, names[v6][0], v6 ? "SYNs from 5000 /32" : "SYNs from all of IPv4");
		row.denying = 1;
		add(rows, row, names[v6][1],
		    v6 ? "SYNs from 5000 /32 past a denylist of 1000000 /64"
		       : "SYNs from all of IPv4 past a denylist of 1000000 /32");
		row.source = SOURCE_LISTED;
		row.verdict = XDP_DROP;
		row.reason = REASON_deny_listed;
		add(rows, row, names[v6][2], "SYNs from sources on that list, at random");
	}
	row.family = FAMILY_V4;
	row.source = SOURCE_FRAME;
	add(rows, row, "denied_v4_fixed", "SYNs from one source on that list");
}

static void others_add(struct rows *rows)
{
	struct row row = {
	    .target = TARGET_SYNGUARD,
	    .kind = FRAME_OTHER_PORT,
	    .verdict = XDP_PASS,
	    .reason = REASON_not_protected,
	    .most = 1.5,
	};

	add(rows, row, "not_protected_v4", "ACK to a port that is not protected");
	row.family = FAMILY_V6;
	add(rows, row, "not_protected_v6", "ACK to a port that is not protected");
}

/* What this host sends, as the tc egress hook sees it. */
static void out_add(struct rows *rows)
{
	struct row row = {
	    .hook = HOOK_OUT,
	    .target = TARGET_SYNGUARD,
	    .kind = FRAME_OUT_DATA,
	    .conns = 1,
	    .verdict = TCX_NEXT,
	    .reason = REASON_out_conn,
	};

	add(rows, row, "out_data", "tc egress: data on a connection, one live");
	row.family = FAMILY_V6;
	add(rows, row, "out_data_v6", "tc egress: data on a connection, one live");
	row.family = FAMILY_V4;
	row.source = SOURCE_CONNS;
	row.conns = FRAMES_MAX;
	row.kind = FRAME_OUT_FIN;
	add(rows, row, "out_fin", "tc egress: the first FIN on each of 8192 connections");
	row.kind = FRAME_OUT_SYNACK;
	add(rows, row, "out_synack", "tc egress: the kernel's SYN-ACK in each of 8192 handshakes");
	row.kind = FRAME_OUT_OTHER_PORT;
	row.conns = 1;
	row.reason = REASON_MAX;
	add(rows, row, "out_not_protected", "tc egress: data from a port that is not protected");
}

static void in_add(struct rows *rows)
{
	struct row row = {
	    .hook = HOOK_IN,
	    .target = TARGET_SYNGUARD,
	    .kind = FRAME_DATA,
	    .conns = 1,
	    .verdict = TCX_NEXT,
	    .reason = REASON_MAX,
	    .most = 1.3,
	};

	add(rows, row, "tc_unmarked", "tc ingress: data, not marked");
	row.hook = HOOK_LIVE;
	add(rows, row, "live_unmarked", "tc ingress, live frames: data, not marked");
	row.kind = FRAME_ACK_VALID;
	row.conns = 0;
	row.most = 0;
	add(rows, row, "live_handoff", "tc ingress, live frames: marked, request socket made");
	row.again = 1;
	add(rows, row, "live_again", "tc ingress, live frames: marked, handed off a moment ago");
}

/* What each hook is held against. */
static void floors_add(struct rows *rows)
{
	struct row floor = {
	    .target = TARGET_FLOOR, .verdict = XDP_TX, .reason = REASON_MAX, .kind = FRAME_DATA};

	add(rows, floor, "floor", "swap MACs, XDP_TX");
	floor.verdict = TCX_NEXT;
	floor.hook = HOOK_IN;
	add(rows, floor, "tc_floor", "tc ingress: a bare TC_ACT_OK");
	floor.hook = HOOK_OUT;
	add(rows, floor, "out_floor", "tc egress: a bare TC_ACT_OK");
	floor.hook = HOOK_LIVE;
	add(rows, floor, "live_floor", "tc ingress, live frames: a bare TC_ACT_OK");
}

static void rows_name(const struct rows *rows, FILE *to)
{
	for (size_t i = 0; i < rows->n; i++)
		fprintf(to, " %s", rows->row[i].name);
	fputc('\n', to);
}

/* Those that are wanted, and the floors. */
static void rows_pick(struct rows *rows)
{
	size_t kept = 0;
	int found = 0;

	for (size_t i = 0; i < rows->n; i++)
		found |= wanted(rows->row[i].name);
	if (!found) {
		fprintf(stderr,
			"bench: no row matches BENCH_ONLY=%s; the rows are:", getenv("BENCH_ONLY"));
		rows_name(rows, stderr);
		exit(2);
	}
	for (size_t i = 0; i < rows->n; i++)
		if (rows->row[i].target == TARGET_FLOOR || wanted(rows->row[i].name))
			rows->row[kept++] = rows->row[i];
	rows->n = kept;
}

void rows_list(struct rows *rows)
{
	floors_add(rows);
	syns_add(rows);
	acks_add(rows);
	conns_add(rows);
	denied_add(rows);
	others_add(rows);
	out_add(rows);
	in_add(rows);
	rows_pick(rows);
}
