/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Both BPF objects loaded for a test, their maps shared by file descriptor: nothing is pinned or
 * attached to an interface, so all of it goes with the process, however that ends.  Frames run
 * through BPF_PROG_TEST_RUN as if received on the world's interface.
 */
#ifndef TESTS_PROG_SHIELD_H
#define TESTS_PROG_SHIELD_H

#include <linux/bpf.h>

#include "abi.h"
#include "pkt.h"

struct synguard_xdp;
struct synguard_kernel;
struct bpf_link;

/* Room in the table of connections; to be set before shield_open(). */
extern __u32 shield_max_conns;

struct shield {
	struct synguard_xdp *xdp;
	struct synguard_kernel *kernel;
	struct bpf_link *watcher, *watcher2; /* synguard_sock, synguard_sock2 */
	struct config config;
	struct policy policy;     /* of every port, written by shield_config_write() */
	struct settings settings; /* likewise, and of bank 0, which is in force */
	int jiffies_prog;
	int config_map, runtime_map, keys_map, conns_map, halfopen_map, counters_map;
	struct conn *slots; /* config.slots of them: conns, mapped into memory */
	__u64 *presence;    /* its filter's presence_words(), likewise */
};

/* What became of one frame. */
struct outcome {
	int verdict;        /* XDP_*, or what the tc program returned */
	enum reason reason; /* REASON_MAX: none counted */
	int reasons;        /* how many counters moved */
	__u64 bytes;        /* by how much that reason's bytes moved */
	int not_enforced;   /* 1: counted as passed all the same */
	int marked;         /* metadata holds the mark */
	unsigned int len;
	__u8 frame[PKT_ROOM];
};

/* Load and configure for the current network namespace; the exit status of setup functions. */
int shield_open(struct shield *s);
void shield_close(struct shield *s);

/* The policy that protected ports have. */
enum { SHIELD_POLICY = 1 };

/* Config, policy and settings, as they are in s. */
void shield_config_write(struct shield *s);

/* Policy and settings as shield_open() leaves them: mode always, no limits. */
void shield_settings_reset(struct shield *s);
void shield_port(struct shield *s, __u16 port, int protect);
struct defence shield_defence(struct shield *s, __u32 index);
void shield_defence_write(struct shield *s, __u32 index, const struct defence *d);
void shield_port_kernel_until(struct shield *s, __u16 port, __u64 jiffies);

struct runtime shield_runtime(struct shield *s);
void shield_runtime_write(struct shield *s, const struct runtime *rt);

/* How many misses of a complete table have asked the kernel in this second. */
void shield_budget(struct shield *s, __u32 used);

/* Make the programs ask the kernel about its listeners anew. */
void shield_forget(struct shield *s);

struct keys shield_keys(struct shield *s);
void shield_keys_write(struct shield *s, const struct keys *ring);

/* 1 if there is an entry. */
int shield_conn(struct shield *s, const struct conn_key *key, struct conn *ret_conn);
void shield_conn_write(struct shield *s, const struct conn_key *key, const struct conn *conn);

/*
 * For very many: shield_conn_enter() leaves out the filter in front of the table, which
 * shield_presence_refresh() then makes anew.  Returns 1 if there was an entry.
 */
int shield_conn_enter(struct shield *s, const struct conn_key *key, const struct conn *conn);
void shield_presence_refresh(struct shield *s);
void shield_conn_delete(struct shield *s, const struct conn_key *key);
/* Together with the half-open ones, and all that counts them. */
void shield_conns_clear(struct shield *s);
unsigned int shield_conns_count(struct shield *s);

/* The same for handshakes that the kernel does itself. */
int shield_half(struct shield *s, const struct conn_key *key, struct conn *ret_conn);
unsigned int shield_halves_count(struct shield *s);

/* Let the sweeper look at the whole table, now. */
void shield_sweep(struct shield *s);

/* The key under which a packet's connection is. */
struct conn_key shield_key(const struct pkt *p);

__u64 shield_jiffies(struct shield *s);
__u64 shield_epoch(struct shield *s);

/* The cookie clock, low bits. */
__u32 shield_tick(struct shield *s);

void shield_run(struct shield *s, const __u8 *frame, unsigned int len, struct outcome *ret);
void shield_run_pkt(struct shield *s, const struct pkt *p, struct outcome *ret);

/* The hand-off hook; the frame comes without a mark. */
void shield_run_tc(struct shield *s, const struct pkt *p, struct outcome *ret);

/* The egress hook, with a packet that this host sends. */
void shield_run_egress(struct shield *s, const struct pkt *p, struct outcome *ret);

/* The same for a packet that the NIC is to cut into so many segments of size bytes of payload. */
void shield_run_egress_gso(struct shield *s, const struct pkt *p, __u32 segments, __u32 size,
			   struct outcome *ret);

/*
 * Put the hand-off hook on the interface, for shield_receive().  Returns the link's descriptor, to
 * be closed.
 */
int shield_tc_attach(struct shield *s);

/* The same for the egress hook, so that it sees what the kernel answers. */
int shield_egress_attach(struct shield *s);

/*
 * Through XDP and, where it passes, through the hand-off hook into the kernel's TCP: n times the
 * same frame in one batch, as NAPI would deliver it.
 */
void shield_receive(struct shield *s, const struct pkt *p, unsigned int n);

/* How often a reason was counted so far. */
__u64 shield_counted(struct shield *s, enum reason r);

/* Enter the namespace's sockets, as at attach. */
void shield_adopt(struct shield *s);

const char *reason_name(enum reason r);

#endif
