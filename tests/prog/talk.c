// SPDX-License-Identifier: GPL-2.0
/* Conversations through both hooks; see talk.h. */
#include <linux/bpf.h>

#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "table.h"
#include "talk.h"

enum { MSS = 1400, WSCALE = 7 };

struct talk talk_new(struct bed *b, int v6, __u16 port)
{
	struct talk t = {
	    .b = b,
	    .in = pkt_new(v6, bed_sport(), port, 0),
	    .isn = {1000000, 3000000000},
	    .window = 65535,
	};

	t.key = shield_key(&t.in);
	return t;
}

__u8 flags_of(const char *flags)
{
	static const char names[] = "FSRP.UEW";
	__u8 bits = 0;

	for (; *flags; flags++)
		bits |= (__u8)(1U << (strchr(names, *flags) - names));
	return bits;
}

struct pkt talk_segment(const struct talk *t, char dir, const char *flags, __u32 seq, __u32 ack,
			__u32 len)
{
	const int server = dir == 'r', here = server != t->opened_here;
	struct pkt p = here ? pkt_reverse(&t->in) : t->in;

	p.flags = flags_of(flags);
	p.seq = t->isn[server] + seq;
	p.ack = p.flags & PKT_ACK ? t->isn[!server] + ack : 0;
	p.window = t->window;
	p.payload_len = len;
	if (p.flags & PKT_SYN)
		pkt_opt_syn(&p, PKT_WS, MSS, WSCALE, 0);
	return p;
}

enum reason talk_say(struct talk *t, char dir, const char *flags, __u32 seq, __u32 ack, __u32 len)
{
	const struct pkt p = talk_segment(t, dir, flags, seq, ack, len);

	if ((dir == 'r') != t->opened_here)
		shield_run_egress(&t->b->s, &p, &t->last);
	else
		shield_run_pkt(&t->b->s, &p, &t->last);
	return t->last.reason;
}

void talk_expect(struct talk *t, char dir, const char *flags, __u32 seq, __u32 ack, __u32 len,
		 enum reason reason)
{
	const enum reason r = talk_say(t, dir, flags, seq, ack, len);

	if (r != reason || t->last.reasons != 1)
		fail_msg("IPv%d %c %s %u:%u+%u: %s (%d counted), not %s", t->in.v6 ? 6 : 4, dir,
			 flags, seq, ack, len, reason_name(r), t->last.reasons,
			 reason_name(reason));
}

struct conn talk_conn(const struct talk *t)
{
	struct conn conn = {0};

	if (!shield_conn(&t->b->s, &t->key, &conn))
		fail_msg("no entry");
	return conn;
}

enum conn_state talk_state(const struct talk *t)
{
	struct conn conn = {0};

	if (shield_conn(&t->b->s, &t->key, &conn) || shield_half(&t->b->s, &t->key, &conn))
		return conn.head.state;
	return NONE;
}

void talk_socket(struct talk *t, enum conn_socket socket)
{
	struct conn conn = talk_conn(t);

	conn.head.socket = socket;
	shield_conn_write(&t->b->s, &t->key, &conn);
}

/* Have the SYN answered by XDP, and learn the cookie. */
static void cookie_get(struct talk *t)
{
	const struct pkt syn = talk_segment(t, 'o', "S", 0, 0, 0);
	struct synack a;

	bed_expect_pkt(t->b, &syn, XDP_TX, REASON_syn_cookie_sent, "SYN", &t->last);
	a = bed_synack(&syn, &t->last);
	t->isn[1] = a.isn;
}

void talk_cookie(struct talk *t)
{
	cookie_get(t);
	talk_expect(t, 'o', ".", 1, 1, 0, REASON_ack_cookie_valid);
}

void talk_receive(struct talk *t, const char *flags, __u32 seq, __u32 ack, __u32 len)
{
	const struct pkt p = talk_segment(t, 'o', flags, seq, ack, len);

	shield_receive(&t->b->s, &p, 1);
}

void talk_receive_acked(struct talk *t, const char *flags, __u32 seq, __u32 ack, __u32 len)
{
	const struct pkt p = talk_segment(t, 'o', flags, seq, ack, len);
	__u8 answer[PKT_ROOM];

	world_drain(&t->b->w);
	shield_receive(&t->b->s, &p, 1);
	if (!world_answer(&t->b->w, &p, answer))
		fail_msg("the kernel does not acknowledge %s", flags);
}

static int accepted(struct talk *t)
{
	const int fd = world_accept(&t->b->w, t->in.v6, t->in.dport);

	if (fd < 0)
		fail_msg("nothing to accept");
	return fd;
}

int talk_live(struct talk *t, __u32 len)
{
	cookie_get(t);
	talk_receive(t, ".", 1, 1, len);
	return accepted(t);
}

int talk_live_kernel(struct talk *t, __u32 len)
{
	const struct pkt syn = talk_segment(t, 'o', "S", 0, 0, 0);
	struct outcome answer = {0};

	world_drain(&t->b->w);
	shield_receive(&t->b->s, &syn, 1);
	answer.len = world_answer(&t->b->w, &syn, answer.frame);
	if (!answer.len)
		fail_msg("the kernel does not answer the SYN");
	t->isn[1] = bed_synack(&syn, &answer).isn;
	talk_receive(t, ".", 1, 1, len);
	return accepted(t);
}

void talk_abort(int fd)
{
	const struct linger none = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(fd);
}

static int links[2];

int talk_setup(void **state)
{
	struct bed *b;

	bed_make(state);
	b = *state;
	links[0] = shield_tc_attach(&b->s);
	links[1] = shield_egress_attach(&b->s);
	return 0;
}

int talk_teardown(void **state)
{
	close(links[0]);
	close(links[1]);
	return bed_end(state);
}

void talk_table_small(struct bed *b, __u32 conns)
{
	shield_conns_clear(&b->s);
	b->s.config.slots = table_slots(conns);
	shield_config_write(&b->s);
}

void talk_table_whole(struct bed *b)
{
	check_table(&b->s);
	b->s.config.slots = table_slots(MAX_CONNS);
	shield_conns_clear(&b->s);
	shield_config_write(&b->s);
}
