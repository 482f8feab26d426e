// SPDX-License-Identifier: GPL-2.0
/*
 * Every situation that the tracker can get into, found by sending it segments of every kind from
 * either side, at sequence and acknowledgement numbers of every class, until nothing new comes up;
 * and what has to hold in all of them.  Situations count as the same when they differ in nothing
 * but numbers.
 */
#include "unit.h"

#include "track_lane.h"

enum number_class { NEXT, INSIDE, BELOW, ABOVE, FAR, CLASSES };

enum { KNOWN_MAX = 20000, SEEN_BITS = 20 };

/* A situation: the connection, and what the test knows beside it. */
struct node {
	struct conn conn;
	__u32 server_isn;
	int proved; /* the client has acknowledged the server's SYN, or was picked up */
};

static struct node known[KNOWN_MAX];
static int known_count;
static __u8 key_seen[1 << SEEN_BITS];
static __u8 visited[STATE_MAX][2][SEG_KINDS][CLASSES];
static __u8 moved[STATE_MAX][STATE_MAX];

static const __u8 kind_flags[SEG_KINDS] = {
    [SEG_NONE] = TCP_URG,          [SEG_SYN] = TCP_SYN, [SEG_SYNACK] = TCP_SYN | TCP_ACK,
    [SEG_FIN] = TCP_FIN | TCP_ACK, [SEG_ACK] = TCP_ACK, [SEG_RST] = TCP_RST,
};

static __u32 key_add(__u32 key, __u32 value, __u32 bits)
{
	return key << bits | value;
}

/* What makes a situation, numbers left out. */
static __u32 node_key(const struct node *n)
{
	const struct conn_side *c = &n->conn.client, *s = &n->conn.server;
	const struct conn_head *h = &n->conn.head;
	__u32 key = key_add(h->state, h->flags.last, 3);

	key = key_add(key, h->flags.last_reply, 1);
	key = key_add(key, h->flags.picked_up, 1);
	key = key_add(key, h->flags.simultaneous, 1);
	key = key_add(key, h->flags.challenged, 1);
	key = key_add(key, s->max_win != 0, 1);
	key = key_add(key, c->acked, 1);
	key = key_add(key, s->acked, 1);
	key = key_add(key, c->closing | s->closing, 1);
	key = key_add(key, c->unacked, 1);
	key = key_add(key, s->unacked, 1);
	key = key_add(key, n->proved != 0, 1);
	return key_add(key, n->conn.last_end == c->end, 1);
}

static void node_learn(const struct node *n)
{
	const __u32 key = node_key(n);

	assert_in_range(key, 0, COUNT_OF(key_seen) - 1);
	if (key_seen[key])
		return;
	key_seen[key] = 1;
	assert_in_range(known_count, 0, KNOWN_MAX - 1);
	known[known_count++] = *n;
}

static __u32 seq_of(const struct conn_side *sender, enum number_class class)
{
	switch (class) {
	case NEXT:
		return sender->end;
	case INSIDE:
		return seq_after(sender->max_end, sender->end) ? sender->end + 1 : sender->end - 2;
	case BELOW:
		return sender->end - (1U << 20);
	case ABOVE:
		return sender->max_end + 70000;
	default:
		return sender->end + (1U << 31) - 10;
	}
}

static __u32 ack_of(const struct conn_side *receiver, enum number_class class)
{
	switch (class) {
	case NEXT:
		return receiver->end;
	case INSIDE:
		return receiver->end - 1;
	case BELOW:
		return receiver->end - (1U << 20);
	case ABOVE:
		return receiver->end + 5;
	default:
		return receiver->end + (1U << 31) - 10;
	}
}

/* The numbers that may end a connection, said once more and otherwise than in track_rst.h. */
static int rst_known(const struct node *n, enum track_dir dir, const struct segment *s)
{
	const struct conn *c = &n->conn;
	const struct conn_side *from = dir == TRACK_CLIENT ? &c->client : &c->server;
	const struct conn_side *to = dir == TRACK_CLIENT ? &c->server : &c->client;
	const int ack = s->flags & TCP_ACK;

	if (s->seq == c->last_end && c->head.state == SYN_SENT && dir == TRACK_CLIENT)
		return 1;
	if (ack && s->ack == c->last_end && c->head.state == SYN_RECV && dir == TRACK_SERVER)
		return 1;
	if (!from->max_win && !c->head.flags.picked_up)
		return ack && s->ack == to->end;
	return s->seq == from->end || s->seq == (to->acked ? to->max_ack : from->end - 1);
}

/* Distances, with nothing of 2^31 away: is the FIN where its sender or its receiver cannot be? */
static int fin_out(const struct node *n, enum track_dir dir, const struct segment *s)
{
	const struct conn *c = &n->conn;
	const struct conn_side *from = dir == TRACK_CLIENT ? &c->client : &c->server;
	const struct conn_side *to = dir == TRACK_CLIENT ? &c->server : &c->client;
	const __s64 ahead = (__s32)(s->seq - from->end), behind = (__s32)(to->end - s->ack);

	if (c->head.flags.picked_up)
		return llabs(ahead) > 1 << 30 || llabs(behind) > 1 << 30;
	return ahead > (__s32)(from->max_end - from->end) || ahead + s->len + 1 < -(__s64)65535 ||
	       behind < 0 || behind > 66000;
}

static void check_move(const struct node *n, enum track_dir dir, const struct segment *s,
		       enum conn_state to)
{
	const enum track_kind kind = segment_kind(s->flags);
	const enum conn_state from = n->conn.head.state;

	if (kind == SEG_FIN && fin_out(n, dir, s))
		fail_msg("FIN out of the window: %s to %s", state_name(from), state_name(to));
	if (kind == SEG_RST && !rst_known(n, dir, s))
		fail_msg("blind RST: %s to %s", state_name(from), state_name(to));
	if (kind == SEG_SYN && dir == TRACK_CLIENT)
		fail_msg("a SYN alone: %s to %s", state_name(from), state_name(to));
	/* Only the server's answer to the very SYN leads on from the end. */
	if (from == CLOSE && (kind != SEG_SYNACK || dir != TRACK_SERVER || to != SYN_RECV ||
			      (s->ack != n->conn.last_end && s->ack != n->conn.client.end)))
		fail_msg("CLOSE to %s", state_name(to));
}

static void check_result(const struct node *before, const struct node *after, enum track_result r)
{
	const struct conn_head *a = &before->conn.head, *b = &after->conn.head;

	if (r == TRACK_INVALID || r == TRACK_OUTSIDE || r == TRACK_RST_INEXACT)
		assert_memory_equal(&before->conn, &after->conn, sizeof(struct conn));
	if (r != TRACK_OK)
		assert_int_equal(a->state, b->state);
	assert_int_equal(track_counts(r), r == TRACK_OK);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->flags.opened_here, b->flags.opened_here);
	assert_true(b->state > NONE && b->state < STATE_MAX);
}

static void check_timeout(const struct node *n)
{
	const struct timeouts t = timeouts_default();

	if (track_timeout(&n->conn, &n->conn.head, &t) > t.unacknowledged && !n->proved)
		fail_msg("%s without proof", state_name(n->conn.head.state));
}

/* What the test knows beside the tracker, after a segment that had an effect. */
static void node_know(struct node *n, enum track_dir dir, const struct segment *s)
{
	const struct conn_side *server = &n->conn.server;

	if (n->conn.head.state == SYN_RECV || n->conn.head.state == SYN_SENT2)
		n->proved = n->conn.client.acked && n->proved;
	if (dir == TRACK_SERVER && (s->flags & TCP_SYN))
		n->server_isn = s->seq;
	else if (dir == TRACK_CLIENT && (s->flags & TCP_ACK) && server->max_win &&
		 seq_after(s->ack, n->server_isn) && !seq_after(s->ack, server->end))
		n->proved = 1;
}

static void reopen(const struct segment *s)
{
	struct node n = {0};

	assert_true(segment_kind(s->flags) == SEG_SYN);
	assert_int_equal(track_open(&n.conn, s, 0, &n.conn.head), TRACK_OK);
	node_learn(&n);
}

static void node_send(const struct node *before, enum track_dir dir, const struct segment *s,
		      enum number_class seq)
{
	struct node after = *before;
	struct conn_head head = before->conn.head;
	const enum track_result r = track_segment(&after.conn, &head, dir, s);

	after.conn.head = head;
	visited[before->conn.head.state][dir][segment_kind(s->flags)][seq] = 1;
	check_result(before, &after, r);
	if (r == TRACK_REOPENED)
		reopen(s);
	if (r == TRACK_OK)
		node_know(&after, dir, s);
	check_timeout(&after);
	if (head.state != before->conn.head.state) {
		check_move(before, dir, s, head.state);
		moved[before->conn.head.state][head.state] = 1;
	}
	node_learn(&after);
}

static void node_explore(const struct node *n, enum track_dir dir, enum track_kind kind)
{
	const struct conn_side *from = dir == TRACK_CLIENT ? &n->conn.client : &n->conn.server;
	const struct conn_side *to = dir == TRACK_CLIENT ? &n->conn.server : &n->conn.client;

	for (int i = 0; i < CLASSES * CLASSES * 4; i++) {
		const enum number_class seq = i / 4 / CLASSES, ack = i / 4 % CLASSES;
		struct segment s = {
		    .seq = seq_of(from, seq),
		    .ack = ack_of(to, ack),
		    .len = i & 1 && kind != SEG_RST ? 10 : 0,
		    .window = 60000,
		    .flags = kind_flags[kind],
		    .wscale = WSCALE_NONE,
		};

		if (kind == SEG_RST && (i & 1))
			s.flags |= TCP_ACK;
		/* Where a SYN ignored or an old ACK leads. */
		if (i & 2) {
			s.ack = n->conn.last_end;
			if (kind == SEG_RST && seq == INSIDE)
				s.seq = n->conn.last_end;
		}
		node_send(n, dir, &s, seq);
	}
}

static void explore_all(void)
{
	const struct segment first[] = {
	    {.seq = 0xfffffff0, .window = 60000, .flags = TCP_SYN, .wscale = WSCALE_NONE},
	    {.seq = 7, .len = 9, .ack = 0x7fffffff, .window = 60000, .flags = TCP_ACK},
	};

	for (size_t i = 0; i < COUNT_OF(first); i++) {
		struct node n = {.proved = i == 1};

		assert_int_equal(track_open(&n.conn, &first[i], 1, &n.conn.head), TRACK_OK);
		node_learn(&n);
	}
	for (int i = 0; i < known_count; i++) {
		for (int dir = 0; dir < 2; dir++) {
			for (int kind = 0; kind < SEG_KINDS; kind++)
				node_explore(&known[i], dir, kind);
		}
	}
}

static void invariants_hold_wherever_it_gets(void **state)
{
	(void)state;
	explore_all();
	print_message("# %d situations\n", known_count);
	assert_in_range(known_count, 200, KNOWN_MAX);
}

static void every_combination_was_tried(void **state)
{
	(void)state;
	for (int s = NONE + 1; s < STATE_MAX; s++) {
		for (int i = 0; i < 2 * SEG_KINDS * CLASSES; i++) {
			if (!visited[s][i / CLASSES / SEG_KINDS][i / CLASSES % SEG_KINDS]
				    [i % CLASSES])
				fail_msg("%s: combination %d", state_name(s), i);
		}
	}
}

/* From each state to those, and to no other. */
static void moves_are_the_known_ones(void **state)
{
	static const __u8 moves[STATE_MAX][STATE_MAX] = {
	    [SYN_SENT] = {[SYN_RECV] = 1, [CLOSE] = 1, [SYN_SENT2] = 1},
	    [SYN_RECV] = {[ESTABLISHED] = 1, [FIN_WAIT] = 1, [CLOSE] = 1},
	    [ESTABLISHED] = {[SYN_RECV] = 1, [FIN_WAIT] = 1, [CLOSE] = 1},
	    [FIN_WAIT] = {[SYN_RECV] = 1, [CLOSE_WAIT] = 1, [LAST_ACK] = 1, [CLOSE] = 1},
	    [CLOSE_WAIT] = {[SYN_RECV] = 1, [LAST_ACK] = 1, [CLOSE] = 1},
	    [LAST_ACK] = {[SYN_RECV] = 1, [TIME_WAIT] = 1, [CLOSE] = 1},
	    [TIME_WAIT] = {[CLOSE] = 1},
	    [CLOSE] = {[SYN_RECV] = 1},
	    [SYN_SENT2] = {[SYN_RECV] = 1, [CLOSE] = 1},
	};

	(void)state;
	for (int from = NONE; from < STATE_MAX; from++) {
		for (int to = NONE; to < STATE_MAX; to++) {
			if (moves[from][to] != moved[from][to])
				fail_msg("%s to %s: %d", state_name(from), state_name(to),
					 moved[from][to]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(invariants_hold_wherever_it_gets),
	    cmocka_unit_test(every_combination_was_tried),
	    cmocka_unit_test(moves_are_the_known_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
