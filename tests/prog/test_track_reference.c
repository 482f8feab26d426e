// SPDX-License-Identifier: GPL-2.0
/*
 * The real programs against the pure tracker (include/track.h), segment by segment of what
 * nf_conntrack was shown (tests/data/README): state and windows of the entry, as long as there is
 * one, must be the same. 'o' comes in through XDP, 'r' goes out through the egress hook, and the
 * kernel does the handshakes (mode monitor).
 */
#include <linux/bpf.h>

#include "check.h"
#include "packet.h"
#include "talk.h"
#include "tcpopt.h"
#include "track.h"

enum { COLUMNS = 15, COMPARED_LEAST = 790 };

enum column { CASE, STEP, DIR, FLAGS, SEQ, ACK, LEN, EXTRA };

struct difference {
	const char *name; /* of the case */
	int step;
	const char *why;
};

#define OWN_SYN                                                                                  \
	"a SYN that this host sends tells that its kernel has nothing of the old handshake any " \
	"more: "                                                                                 \
	"it opens one of this host's, where the pure tracker calls it invalid"

static const struct difference differences[] = {
    {"syn_r_in_SYN_RECV", 3, OWN_SYN}, {"syn_r_in_SYN_RECV", 4, OWN_SYN},
    {"syn_r_in_SYN_RECV", 5, OWN_SYN}, {"syn_r_in_CLOSE", 5, OWN_SYN},
    {"syn_r_in_CLOSE", 6, OWN_SYN},    {"syn_r_in_CLOSE", 7, OWN_SYN},
};

static int difference_used[COUNT_OF(differences)];

static int is_different(char **row)
{
	for (size_t i = 0; i < COUNT_OF(differences); i++)
		if (!strcmp(row[CASE], differences[i].name) &&
		    atoi(row[STEP]) == differences[i].step)
			return ++difference_used[i];
	return 0;
}

/* Both trackers' view of one sequence. */
struct pair {
	struct talk t;
	struct conn pure;
	int live; /* pure is a connection */
};

static void options_read(const char *extra, struct pkt *p)
{
	unsigned int byte;

	if (strncmp(extra, "opt=", 4) != 0)
		return;
	for (extra += 4; sscanf(extra, "%2x", &byte) == 1; extra += 2)
		p->opt[p->opt_len++] = (__u8)byte;
	while (p->opt_len % 4)
		p->opt[p->opt_len++] = 0;
}

static struct pkt row_packet(struct talk *t, char **row)
{
	const char *win = strstr(row[EXTRA], "win=");
	struct pkt p;

	t->window = win ? (__u16)atoi(win + 4) : 65535;
	p = talk_segment(t, row[DIR][0], row[FLAGS], (__u32)strtoll(row[SEQ], NULL, 10),
			 (__u32)strtoll(row[ACK], NULL, 10), (__u32)atoi(row[LEN]));
	p.opt_len = 0;
	options_read(row[EXTRA], &p);
	return p;
}

/* What the tracker is to see of the frame; 0: nothing. */
static int segment_of(const __u8 *bytes, unsigned int len, struct segment *ret_segment)
{
	const struct frame f = {bytes, bytes + len};
	struct packet pkt = {0};
	struct tcpopts opts;

	if (packet_parse(&f, len, &pkt) != PACKET_OK || packet_sane(&pkt) != PACKET_OK)
		return 0;
	tcpopts_walk(&f, &pkt, &opts);
	*ret_segment = (struct segment){
	    .seq = pkt.seq,
	    .ack = pkt.ack,
	    .len = pkt.l4_len - TCP_LEN - pkt.opt_len,
	    .window = pkt.window,
	    .flags = pkt.flags,
	    .wscale = opts.wscale,
	    .mss = opts.mss,
	    .sack = opts.sack_perm,
	    .tstamp = opts.has_ts,
	};
	return 1;
}

static void pure_open(struct pair *p, const struct segment *s)
{
	struct conn_head head = {0};

	if (track_open(&p->pure, s, 0, &head) != TRACK_OK)
		return;
	p->pure.head = head;
	p->live = 1;
}

static void pure_send(struct pair *p, char from, const struct segment *s)
{
	const enum track_dir dir =
	    (from == 'r') == p->pure.head.flags.opened_here ? TRACK_CLIENT : TRACK_SERVER;
	struct conn_head head = p->pure.head;
	enum track_result r;

	if (!p->live) {
		pure_open(p, s);
		return;
	}
	r = track_segment(&p->pure, &head, dir, s);
	p->pure.head = head;
	if (r != TRACK_REOPENED)
		return;
	pure_open(p, s);
	p->pure.head.flags.opened_here = from == 'r';
}

/* The entry that flow_track() would choose; 0: none. */
static int entry_of(const struct talk *t, struct conn *ret)
{
	struct conn half;
	const int found = shield_conn(&t->b->s, &t->key, ret);

	if (found && ret->head.socket < SOCKET_TIME_WAIT)
		return 1;
	if (!shield_half(&t->b->s, &t->key, &half))
		return found;
	*ret = half;
	return 1;
}

static int side_equal(const struct conn_side *a, const struct conn_side *b)
{
	return a->end == b->end && a->max_end == b->max_end && a->max_ack == b->max_ack &&
	       a->max_win == b->max_win && a->acked == b->acked && a->closing == b->closing &&
	       a->unacked == b->unacked && a->wscale == b->wscale;
}

/* What the kernel would say by now; and the SYNs of a sequence are not as fast as here. */
static void kernel_follows(struct talk *t)
{
	struct conn c;

	if (!shield_conn(&t->b->s, &t->key, &c))
		return;
	c.assigned_at = 0;
	c.head.socket = c.head.state == TIME_WAIT || c.head.state == CLOSE ? SOCKET_TIME_WAIT
									   : SOCKET_HALF_OPEN;
	shield_conn_write(&t->b->s, &t->key, &c);
}

/* Returns 1 if there was something to compare. */
static int row_check(struct pair *p, char **row)
{
	const struct pkt packet = row_packet(&p->t, row);
	const int out = row[DIR][0] == 'r';
	__u8 bytes[PKT_ROOM];
	struct segment s;
	struct conn c = {0};

	if (segment_of(bytes, pkt_build(&packet, bytes, NULL), &s))
		pure_send(p, row[DIR][0], &s);
	if (out)
		shield_run_egress(&p->t.b->s, &packet, &p->t.last);
	else
		shield_run_pkt(&p->t.b->s, &packet, &p->t.last);
	if (!entry_of(&p->t, &c) || is_different(row))
		return 0;
	if (c.head.state != p->pure.head.state || !side_equal(&c.client, &p->pure.client) ||
	    !side_equal(&c.server, &p->pure.server) ||
	    c.head.flags.last != p->pure.head.flags.last) {
		print_message("# %s %s IPv%d: state %u, not %u; last %u, not %u; %s\n", row[CASE],
			      row[STEP], packet.v6 ? 6 : 4, c.head.state, p->pure.head.state,
			      c.head.flags.last, p->pure.head.flags.last,
			      reason_name(p->t.last.reason));
		return -1;
	}
	kernel_follows(&p->t);
	return 1;
}

static void row_split(char *line, char *ret_row[COLUMNS])
{
	line[strcspn(line, "\r\n")] = '\0';
	for (int i = 0; i < COLUMNS; i++)
		ret_row[i] = strsep(&line, ",");
	assert_null(line);
}

/* A case that a SYN opens, from the outside and with a header that is whole. */
static int case_is_ours(char **row)
{
	return row[DIR][0] == 'o' && !strcmp(row[FLAGS], "S") && !strstr(row[EXTRA], "doff=");
}

static void reference_run(struct bed *b, int v6, __u32 isn_o, __u32 isn_r)
{
	FILE *file = fopen("tests/data/nf_conntrack_reference.csv", "r");
	char line[512], last[128] = "", *row[COLUMNS];
	int ours = 0, compared = 0, failed = 0, r;
	struct pair p = {0};

	if (!file)
		fail_msg("tests/data/nf_conntrack_reference.csv: run this from the root");
	assert_non_null(fgets(line, sizeof(line), file));
	while (fgets(line, sizeof(line), file)) {
		row_split(line, row);
		if (strcmp(row[CASE], last) != 0) {
			snprintf(last, sizeof(last), "%s", row[CASE]);
			ours = case_is_ours(row);
			p = (struct pair){.t = talk_new(b, v6, PORT_PLAIN)};
			p.t.isn[0] = isn_o;
			p.t.isn[1] = isn_r;
		}
		r = ours ? row_check(&p, row) : 0;
		compared += r > 0;
		failed += r < 0;
	}
	fclose(file);
	assert_int_equal(failed, 0);
	print_message("# %d segments compared\n", compared);
	assert_true(compared >= COMPARED_LEAST);
}

static void programs_track_as_the_tracker_does(void **state)
{
	static const __u32 isns[][2] = {{1000000, 3000000000}, {0xffffffff, 0xffffff9b}};
	struct bed *b = *state;

	b->s.policy.mode = MODE_AUTO;
	shield_config_write(&b->s);
	for (size_t i = 0; i < 2 * COUNT_OF(isns); i++)
		reference_run(b, i & 1, isns[i / 2][0], isns[i / 2][1]);
}

/* A difference that no row meets any more is a mistake in the table. */
static void every_difference_is_met(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(differences); i++)
		if (!difference_used[i])
			fail_msg("%s %d: %s", differences[i].name, differences[i].step,
				 differences[i].why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(programs_track_as_the_tracker_does, bed_reset,
					    check_end),
	    cmocka_unit_test(every_difference_is_met),
	};

	return cmocka_run_group_tests(tests, bed_make, bed_end);
}
