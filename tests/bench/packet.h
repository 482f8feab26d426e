/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The benchmark of single packets: what a row of its table measures, and what the rows are measured
 * with.  packet.c runs it, packet_open.c loads what is under test, packet_rows.c lists the rows, packet_frames.c makes their frames,
 * packet_state.c the tables that these meet, packet_measure.c measures, packet_live.c where
 * BPF_PROG_TEST_RUN cannot, packet_report.c reports.
 */
#ifndef TESTS_BENCH_PACKET_H
#define TESTS_BENCH_PACKET_H

#include <linux/bpf.h>

#include "bed.h"
#include "bench.h"

struct synguard_wrapper;

enum packet_limits {
	ROWS_MAX = 96,
	ROUNDS = 15,
	ROUNDS_QUICK = 5,
	REPEAT = 100000,
	REPEAT_QUICK = 40000,
	CONNS_BIG = 1500000, /* --max-conns of the large table */
	CONNS_MILLION = 1000000,
	BENCH_CLIENT_SEQ = 1000, /* next on each connection, as the client counts */
	BENCH_SERVER_SEQ = 77,
};

/* Where a row's program is and how it is run. */
enum hook {
	HOOK_XDP,
	HOOK_IN,   /* tc ingress */
	HOOK_OUT,  /* tc egress */
	HOOK_LIVE, /* tc ingress, on frames that XDP lets pass: see packet_live.c */
};

/* The connection tables: that of the default --max-conns, and a large one with a million in it. */
enum table { TABLE_USUAL, TABLE_BIG, TABLES };

enum family { FAMILY_V4, FAMILY_V6, FAMILY_VLAN, FAMILIES };

/* Whose options a SYN has. */
enum stack { STACK_LINUX, STACK_WINDOWS, STACK_MACOS, STACK_NONE, STACKS };

enum frame_kind {
	FRAME_SYN,
	FRAME_ACK_VALID,
	FRAME_ACK_BAD,
	FRAME_ACK_EXPIRED,
	FRAME_DATA, /* on a connection in the table */
	FRAME_OTHER_PORT,
	FRAME_OUT_DATA,
	FRAME_OUT_FIN,
	FRAME_OUT_SYNACK,
	FRAME_OUT_OTHER_PORT,
};

struct row {
	char name[32];
	char what[80];
	enum hook hook;
	enum bench_target target; /* that of TABLE_USUAL */
	enum table table;
	enum frame_kind kind;
	enum family family;
	enum stack stack;
	enum bench_source source;
	__u32 conns;    /* in the table, picked from at random if more than one */
	int denying;    /* the denylist is in force */
	int attacked;   /* mode auto in an attack, in place of mode always */
	int again;      /* each frame for the second time */
	__u32 frames;   /* how many, a power of two; 0: as the kind wants it */
	__u32 services; /* that frame_change() spreads the frames over */
	void (*frame_change)(struct pkt *p, const struct row *r, __u32 i); /* or NULL */
	int verdict;
	enum reason reason;   /* that each run is counted under; REASON_MAX: none */
	double most;          /* the ratio aimed at; 0: none */
	double floor[ROUNDS]; /* the floor, measured right before and after */
	double ns[ROUNDS];    /* with the wrapper */
	double bare[ROUNDS];  /* without; 0: cannot be told */
};

struct rows {
	struct row row[ROWS_MAX];
	size_t n;
};

struct bench {
	struct world world;
	struct shield table[TABLES];
	int has_big; /* TABLE_BIG is there */
	struct synguard_wrapper *wrapper;
	int sets[2]; /* denylists, IPv4 and IPv6, if a row wants them */
	int quick;   /* fewer rounds, of fewer runs */
	int rounds, repeat, cpu;
	struct bench_frame first; /* of the frames that are to be restored */
	__u32 frames;             /* how many */
};

/* On the last CPU that this process may use: some state is each CPU's own.  Returns which. */
int cpu_stay(void);

/* Load the programs, with PORT_PLAIN protected. */
void table_open(struct bench *b, enum table table, __u32 max_conns);

/* The wrapper around the programs of the tables that are open. */
void wrapper_open(struct bench *b);

/*
 * Those that BENCH_ONLY wants, a list of names or patterns; the floors are always there.  If it wants
 * none that exists, the process ends with a message.
 */
void rows_list(struct rows *rows);

/* The row's frames, for the wrapper. */
void frames_write(struct bench *b, const struct row *r);

/* What the i-th client of a row sends: a SYN, or data on its connection. */
struct pkt frame_syn(const struct row *r, __u32 i);
struct pkt frame_data(const struct row *r, __u32 i);

/* Table, list and mode as the row's frames are to find them. */
void row_renew(struct bench *b, const struct row *r);

/* Does each frame of the row find them so only once? */
int row_is_once(const struct row *r);

/* Did what the row stands for become of its frames?  Else the process ends with a message. */
void row_check(struct bench *b, const struct row *r);

/* A connection on which frame_data() is the next segment, again and again, and so is the answer. */
struct conn conn_known(void);

/* The large table's million connections, and the denylists. */
void big_fill(struct bench *b);
void lists_make(struct bench *b);

/* A list of the first n prefixes, as a map. */
int list_make(int v6, __u32 n);

/* Tell the wrapper what to do with the row's frames. */
void control_write(struct bench *b, const struct row *r, enum bench_target target);

/* ns per run of a target with the frames that are there; once: only one for each of them. */
double run_wrapped(struct bench *b, const struct row *r, enum bench_target target, int once);

/* One round of a row. */
void row_measure(struct bench *b, struct row *r, int round);
void row_measure_live(struct bench *b, struct row *r, int round);

/* Over the rounds. */
struct spread {
	double q1, median, q3;
};

struct spread spread_of(const double *values, int n);

/* To the floor measured right before and after, round by round: what slows both down counts less so. */
struct spread ratio_of(const struct row *r, int n);

void report(const struct bench *b, struct rows *rows);

static inline struct shield *row_shield(struct bench *b, const struct row *r)
{
	return &b->table[r->table];
}

static inline int row_v6(const struct row *r)
{
	return r->family == FAMILY_V6;
}

#endif
