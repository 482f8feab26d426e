// SPDX-License-Identifier: GPL-2.0
/*
 * The dry run: each frame in each state, first through the program of dry runs, which must
 * change no map, and then through the one that is attached, which must come to the same.
 */
#include <linux/bpf.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bed.h"
#include "dry.h"
#include "dry.skel.h"
#include "xdp.skel.h"
#include "services.h"

static struct dry dry;
static unsigned int seen[REASON_MAX + 1];

/* One connection as its client knows it, and the socket if there is one. */
struct flow {
	struct pkt next; /* the client's next ACK */
	int fd;          /* -1: none */
};

static struct flow flow_new(int v6, __u16 port)
{
	struct flow f = {.next = pkt_new(v6, bed_sport(), port, PKT_ACK), .fd = -1};

	f.next.ack = 0x51520001;
	return f;
}

static struct flow entry(struct bed *b, int v6, enum conn_socket socket, enum conn_state state)
{
	struct flow f = flow_new(v6, PORT_PLAIN);
	const struct conn_key key = shield_key(&f.next);
	const __u32 seq = f.next.seq, ack = f.next.ack;
	const struct conn c = {
	    .head = {.state = state, .kind = KIND_COOKIE, .socket = socket},
	    .client =
		{.end = seq, .max_end = seq + 60000, .max_ack = ack, .max_win = 65535, .acked = 1},
	    .server = {.end = ack,
		       .max_end = ack + 60000,
		       .max_ack = seq,
		       .max_win = 65535,
		       .acked = 1,
		       .closing = state == TIME_WAIT},
	    .seen = (__u32)shield_jiffies(&b->s),
	};

	shield_conn_write(&b->s, &key, &c);
	return f;
}

static struct flow state_none(struct bed *b, int v6)
{
	(void)b;
	return flow_new(v6, PORT_PLAIN);
}

static struct flow state_unprotected(struct bed *b, int v6)
{
	(void)b;
	return flow_new(v6, PORT_FREE);
}

static struct flow state_closed(struct bed *b, int v6)
{
	(void)b;
	return flow_new(v6, PORT_CLOSED);
}

static struct flow state_mptcp(struct bed *b, int v6)
{
	(void)b;
	return flow_new(v6, PORT_MPTCP);
}

static struct flow state_md5(struct bed *b, int v6)
{
	(void)b;
	return flow_new(v6, PORT_MD5);
}

static struct flow state_monitor(struct bed *b, int v6)
{
	b->s.policy.mode = MODE_AUTO;
	shield_config_write(&b->s);
	return flow_new(v6, PORT_PLAIN);
}

static struct flow state_no_cookies(struct bed *b, int v6)
{
	(void)b;
	world_sysctl("ipv4/tcp_syncookies", 0);
	return flow_new(v6, PORT_PLAIN);
}

static struct flow state_budget(struct bed *b, int v6)
{
	shield_budget(&b->s, 1u << 20);
	return flow_new(v6, PORT_PLAIN);
}

/* In the table as open, although the kernel has no socket. */
static struct flow state_open(struct bed *b, int v6)
{
	return entry(b, v6, SOCKET_OPEN, ESTABLISHED);
}

static struct flow state_time_wait(struct bed *b, int v6)
{
	return entry(b, v6, SOCKET_TIME_WAIT, TIME_WAIT);
}

static struct flow state_gone(struct bed *b, int v6)
{
	return entry(b, v6, SOCKET_GONE, CLOSE);
}

static struct flow state_unconfirmed(struct bed *b, int v6)
{
	return entry(b, v6, SOCKET_HALF_OPEN, ESTABLISHED);
}

/* A handshake of the kernel's own, which both hooks have seen. */
static struct flow state_half(struct bed *b, int v6)
{
	struct pkt syn = bed_syn(v6, PORT_PLAIN), synack;
	struct flow f = {.fd = -1};
	struct outcome o;

	b->s.policy.mode = MODE_AUTO;
	shield_config_write(&b->s);
	bed_expect_pkt(b, &syn, XDP_PASS, REASON_syn_passed, "SYN", NULL);
	b->s.policy.mode = MODE_ALWAYS;
	shield_config_write(&b->s);
	synack = pkt_reverse(&syn);
	synack.flags = PKT_SYN | PKT_ACK;
	synack.seq = 0x61620000;
	synack.ack = syn.seq + 1;
	synack.window = 65160;
	shield_run_egress(&b->s, &synack, &o);
	f.next = syn;
	f.next.opt_len = 0;
	f.next.flags = PKT_ACK;
	f.next.seq = synack.ack;
	f.next.ack = synack.seq + 1;
	return f;
}

/* This host has sent a SYN from a protected port. */
static struct flow state_opening(struct bed *b, int v6)
{
	struct flow f = flow_new(v6, PORT_PLAIN);
	struct pkt syn = pkt_reverse(&f.next);
	struct outcome o;

	syn.flags = PKT_SYN;
	syn.seq = f.next.ack - 1;
	syn.window = 64240;
	shield_run_egress(&b->s, &syn, &o);
	return f;
}

/* A cookie's ACK, not yet sent. */
static struct flow state_proof(struct bed *b, int v6)
{
	struct pkt syn = bed_syn(v6, PORT_PLAIN);
	struct flow f = {.next = bed_shake(b, &syn), .fd = -1};

	return f;
}

static struct flow state_pending(struct bed *b, int v6)
{
	struct flow f = state_proof(b, v6);

	bed_expect_pkt(b, &f.next, XDP_PASS, REASON_ack_cookie_valid, "proof", NULL);
	f.next.ack++; /* so that it proves nothing itself */
	return f;
}

/* A socket of the kernel's, which the watcher has entered. */
static struct flow state_live(struct bed *b, int v6)
{
	struct pkt syn = bed_syn(v6, PORT_PLAIN);
	struct outcome answer = {0};
	struct flow f;
	struct synack a;

	answer.len = world_kernel(&b->w, &syn, answer.frame);
	assert_int_not_equal(answer.len, 0);
	a = bed_synack(&syn, &answer);
	f.next = bed_ack(&syn, &a, 0xcafe0002);
	world_send(&b->w, &f.next);
	f.fd = world_accept(&b->w, v6, PORT_PLAIN);
	assert_true(f.fd >= 0);
	return f;
}

/* The same, but the table has lost it, and knows that. */
static struct flow state_lost(struct bed *b, int v6)
{
	struct flow f = state_live(b, v6);
	struct runtime rt = shield_runtime(&b->s);
	const struct conn_key key = shield_key(&f.next);

	shield_conn_delete(&b->s, &key);
	rt.table_complete = 0;
	shield_runtime_write(&b->s, &rt);
	return f;
}

static struct flow state_peace(struct bed *b, int v6)
{
	services_auto(b);
	return flow_new(v6, PORT_PLAIN);
}

/* The client is proven. */
static struct flow state_proven(struct bed *b, int v6)
{
	struct flow f;

	services_auto(b);
	services_attack(b, PORT_PLAIN);
	f = state_proof(b, v6);
	bed_expect_pkt(b, &f.next, XDP_PASS, REASON_ack_cookie_valid, "proof", NULL);
	return flow_new(v6, PORT_PLAIN);
}

/* One SYN-ACK may be sent again, and there is a place for more. */
static struct flow state_speaks_first(struct bed *b, int v6)
{
	struct pkt syn = bed_syn(v6, PORT_PLAIN);

	services_prefix(&syn, 1, 1);
	b->s.policy.speaks_first = 1;
	b->s.settings.resend_ms = 10000;
	shield_config_write(&b->s);
	bed_expect_pkt(b, &syn, XDP_TX, REASON_syn_cookie_sent, "kept", NULL);
	return flow_new(v6, PORT_PLAIN);
}

/* Every limit is reached, each by one packet. */
static void limits_fill(struct bed *b)
{
	const struct rate_limit one = {.rate = 1, .burst = 1};

	b->s.settings.synack = one;
	b->s.settings.live_syn = one;
	b->s.settings.bad_ack = one;
	shield_config_write(&b->s);
}

static struct flow state_limited(struct bed *b, int v6)
{
	struct flow f = flow_new(v6, PORT_PLAIN);
	struct pkt p = f.next;

	limits_fill(b);
	p.flags = PKT_SYN;
	p.sport = bed_sport();
	bed_expect_pkt(b, &p, XDP_TX, REASON_syn_cookie_sent, "SYN-ACK", NULL);
	p.flags = PKT_ACK;
	bed_expect_pkt(b, &p, XDP_DROP, REASON_ack_cookie_invalid, "bad ACK", NULL);
	return f;
}

static struct flow state_live_limited(struct bed *b, int v6)
{
	struct flow f = entry(b, v6, SOCKET_OPEN, ESTABLISHED);
	struct flow other = entry(b, v6, SOCKET_OPEN, ESTABLISHED);

	limits_fill(b);
	other.next.flags = PKT_SYN;
	bed_expect_pkt(b, &other.next, XDP_PASS, REASON_syn_conn_exists, "SYN", NULL);
	return f;
}

static struct flow state_new_limited(struct bed *b, int v6)
{
	struct flow f = state_proof(b, v6);

	b->s.settings.new_conn = (struct rate_limit){.rate = 1, .burst = 1};
	shield_config_write(&b->s);
	bed_expect_pkt(b, &f.next, XDP_PASS, REASON_ack_cookie_valid, "proof", NULL);
	return flow_new(v6, PORT_PLAIN);
}

static const struct {
	const char *name;
	struct flow (*make)(struct bed *b, int v6);
} states[] = {
    {"nothing known", state_none},
    {"unprotected", state_unprotected},
    {"no listener", state_closed},
    {"MPTCP", state_mptcp},
    {"MD5", state_md5},
    {"mode monitor", state_monitor},
    {"no cookies", state_no_cookies},
    {"no budget", state_budget},
    {"open", state_open},
    {"TIME_WAIT", state_time_wait},
    {"gone", state_gone},
    {"unconfirmed", state_unconfirmed},
    {"half-open", state_half},
    {"opening", state_opening},
    {"proof", state_proof},
    {"pending", state_pending},
    {"live", state_live},
    {"lost", state_lost},
    {"peace", state_peace},
    {"proven", state_proven},
    {"speaks first", state_speaks_first},
    {"limited", state_limited},
    {"live SYNs limited", state_live_limited},
    {"new connections limited", state_new_limited},
};

/* From the client's next ACK; seq_by: off from the number that is due. */
static const struct {
	const char *name;
	__u8 flags;
	__u32 seq_by;
	unsigned int payload;
} frames[] = {
    {"SYN", PKT_SYN, 0, 0},
    {"SYN-ACK", PKT_SYN | PKT_ACK, 0, 0},
    {"SYN+FIN", PKT_SYN | PKT_FIN, 0, 0},
    {"ACK", PKT_ACK, 0, 0},
    {"data", PKT_ACK | PKT_PSH, 0, 100},
    {"data outside", PKT_ACK, 0x40000000, 100},
    {"FIN", PKT_FIN | PKT_ACK, 0, 0},
    {"FIN outside", PKT_FIN | PKT_ACK, 0x40000000, 0},
    {"RST", PKT_RST, 0, 0},
    {"RST inexact", PKT_RST, 1, 0},
    {"RST outside", PKT_RST, 0x40000000, 0},
};

static struct flow row_make(struct bed *b, size_t state, int v6)
{
	void *reset = b;

	services_reset(&reset);
	return states[state].make(b, v6);
}

static struct pkt row_frame(const struct flow *f, size_t frame)
{
	struct pkt p = f->next;

	p.flags = frames[frame].flags;
	p.seq += frames[frame].seq_by;
	p.payload_len = frames[frame].payload;
	return p;
}

static void row_end(const struct flow *f)
{
	if (f->fd >= 0)
		close(f->fd);
}

/* All frames dry, and no map is another one than before. */
static void state_stays(struct bed *b, size_t state, int v6)
{
	const struct flow f = row_make(b, state, v6);
	struct digests before, after;
	struct outcome o;
	struct dry_room room;

	dry_digests(&dry, &before);
	for (size_t frame = 0; frame < COUNT_OF(frames); frame++) {
		const struct pkt p = row_frame(&f, frame);

		dry_frame(&dry, &p, &o, &room);
	}
	dry_digests(&dry, &after);
	assert_true(before.count > 10);
	for (unsigned int i = 0; i < before.count; i++)
		if (before.of[i].hash != after.of[i].hash)
			fail_msg("%s, IPv%d: a dry run changed the map %s", states[state].name,
				 v6 ? 6 : 4, before.of[i].map);
	row_end(&f);
}

/* With synguard trace at work, for it must not see the frames, either. */
static void nothing_changes(void **state)
{
	struct bed *b = *state;
	struct runtime rt = shield_runtime(&b->s);

	rt.trace_until = ~0ULL;
	shield_runtime_write(&b->s, &rt);
	for (size_t s = 0; s < 2 * COUNT_OF(states); s++)
		state_stays(b, s / 2, s & 1);
	rt = shield_runtime(&b->s);
	rt.trace_until = 0;
	shield_runtime_write(&b->s, &rt);
}

static void same_end(struct bed *b, size_t state, size_t frame, int v6)
{
	const struct flow f = row_make(b, state, v6);
	const struct pkt p = row_frame(&f, frame);
	struct outcome o = {0}, real;
	struct dry_room room;

	dry_frame(&dry, &p, &o, &room);
	shield_run_pkt(&b->s, &p, &real);
	if (real.reason != o.reason || real.verdict != o.verdict)
		fail_msg("%s, %s, IPv%d: %s (%d) where the real one says %s (%d)",
			 states[state].name, frames[frame].name, v6 ? 6 : 4, reason_name(o.reason),
			 o.verdict, reason_name(real.reason), real.verdict);
	if (real.verdict == XDP_TX)
		assert_int_equal(o.len, real.len);
	seen[real.reason]++;
	row_end(&f);
}

static void it_ends_as_the_real_one(void **state)
{
	for (size_t s = 0; s < COUNT_OF(states); s++)
		for (size_t f = 0; f < 2 * COUNT_OF(frames); f++)
			same_end(*state, s, f / 2, f & 1);
}

/* Else the table above proves less than it says. */
static void all_ways_were_gone(void **state)
{
	static const enum reason ways[] = {
	    REASON_not_protected,    REASON_syn_cookie_sent,    REASON_syn_passed,
	    REASON_syn_conn_exists,  REASON_syn_mptcp,          REASON_syn_md5_ao,
	    REASON_synack_passed,    REASON_conn_packet,        REASON_conn_rst_inexact,
	    REASON_conn_rst_outside, REASON_conn_fin_outside,   REASON_conn_data_outside,
	    REASON_ack_cookie_valid, REASON_ack_cookie_invalid, REASON_ack_kernel,
	    REASON_rst_unknown,      REASON_tcp_bad_flags,      REASON_syn_proven,
	    REASON_syn_new_limited,  REASON_syn_synack_limited, REASON_syn_live_limited,
	    REASON_ack_limited,      REASON_synack_unknown,
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ways); i++)
		if (!seen[ways[i]])
			fail_msg("no frame ended in %s", reason_name(ways[i]));
}

/* So a program that is attached pays nothing for it. */
static void the_attached_one_has_none_of_it(void **state)
{
	struct bed *b = *state;

	assert_non_null(bpf_object__find_map_by_name(dry.xdp->obj, "dry_rooms"));
	assert_null(bpf_object__find_map_by_name(b->s.xdp->obj, "dry_rooms"));
}

static int dry_make(void **state)
{
	bed_make(state);
	dry_open(&dry, &((struct bed *)*state)->s);
	return 0;
}

static int dry_end(void **state)
{
	dry_close(&dry);
	return bed_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(nothing_changes, bed_reset),
	    cmocka_unit_test_setup(it_ends_as_the_real_one, bed_reset),
	    cmocka_unit_test_setup(all_ways_were_gone, bed_reset),
	    cmocka_unit_test_setup(the_attached_one_has_none_of_it, bed_reset),
	};

	return cmocka_run_group_tests(tests, dry_make, dry_end);
}
