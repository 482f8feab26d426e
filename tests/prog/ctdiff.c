// SPDX-License-Identifier: GPL-2.0
/*
 * Each packet through nf_conntrack and through the tracker, what differs, and whether it is meant
 * to; see ctdiff.h.
 */
#include <stdio.h>
#include <string.h>

#include "ctdiff.h"
#include "ctdiff_event.h"
#include "tcpopt.h"

enum {
	TIMEOUT_SLACK_S = 3, /* the test may be made to wait between a packet and the question */
	FAILURES_SHOWN = 5,
	FIRST_PORT = 1024,
};

static struct ctworld world;
static __u16 ports[2];

const char *const ctdiff_states[STATE_MAX] = {
    [NONE] = "-",
    [SYN_SENT] = "SYN_SENT",
    [SYN_RECV] = "SYN_RECV",
    [ESTABLISHED] = "ESTABLISHED",
    [FIN_WAIT] = "FIN_WAIT",
    [CLOSE_WAIT] = "CLOSE_WAIT",
    [LAST_ACK] = "LAST_ACK",
    [TIME_WAIT] = "TIME_WAIT",
    [CLOSE] = "CLOSE",
    [SYN_SENT2] = "SYN_SENT2",
};

const char *const ctdiff_kinds[SEG_KINDS] = {
    [SEG_NONE] = "none", [SEG_SYN] = "SYN", [SEG_SYNACK] = "SYN-ACK",
    [SEG_FIN] = "FIN",   [SEG_ACK] = "ACK", [SEG_RST] = "RST",
};

static const char *const result_names[] = {
    [TRACK_OK] = "ok",           [TRACK_IGNORED] = "ignored",         [TRACK_INVALID] = "invalid",
    [TRACK_OUTSIDE] = "outside", [TRACK_RST_INEXACT] = "RST inexact", [TRACK_REOPENED] = "reopened",
};

struct ctdiff_counts ctdiff_counts;

static enum track_kind kind_of(__u8 flags)
{
	if (flags & TCP_RST)
		return SEG_RST;
	if (flags & TCP_SYN)
		return flags & TCP_ACK ? SEG_SYNACK : SEG_SYN;
	if (flags & TCP_FIN)
		return SEG_FIN;
	return flags & TCP_ACK ? SEG_ACK : SEG_NONE;
}

/* --- Ours. */

/* As the programs do: parse, refuse what no stack sends, and fill the segment. */
static int segment_parse(const __u8 *bytes, unsigned int len, struct segment *ret)
{
	const struct frame f = {.data = bytes, .end = bytes + len};
	struct packet pkt = {0};
	struct tcpopts opts;

	if (packet_parse(&f, len, &pkt) != PACKET_OK || packet_sane(&pkt) != PACKET_OK)
		return -1;
	tcpopts_parse(&f, &pkt, &opts);
	*ret = (struct segment){
	    .seq = pkt.seq,
	    .ack = pkt.ack,
	    .len = pkt.l4_len - (__u32)TCP_LEN - pkt.opt_len,
	    .window = load_u16(bytes + pkt.l4_off + 14),
	    .flags = pkt.flags,
	    .wscale = WSCALE_NONE,
	};
	if (pkt.flags & TCP_SYN) {
		ret->wscale = opts.wscale;
		ret->mss = opts.mss;
		ret->sack = opts.sack_perm;
		ret->tstamp = opts.has_ts;
	}
	return 0;
}

static enum track_result ours_open(struct ours *o, enum ctside from, const struct segment *s)
{
	struct conn_head head = {0};
	enum track_result result;

	memset(o, 0, sizeof(*o));
	result = track_open(&o->c, s, 1, &head);
	o->there = result == TRACK_OK;
	o->opener = from;
	o->c.head = head;
	return result;
}

static enum track_result ours_segment(struct ours *o, enum ctside from, const struct segment *s)
{
	enum track_result result;
	struct conn_head head;

	if (!o->there)
		return ours_open(o, from, s);
	head = o->c.head;
	result = track_segment(&o->c, &head, from == o->opener ? TRACK_CLIENT : TRACK_SERVER, s);
	if (result == TRACK_REOPENED)
		return ours_open(o, from, s);
	o->c.head = head;
	return result;
}

/* --- Both. */

static int timeout_agrees(const struct event *e)
{
	const struct ours *o = e->ours;
	const __u32 limit = track_timeout(&o->c, &o->c.head, &ctworld_timeouts);

	return e->theirs->timeout_s <= limit && e->theirs->timeout_s + TIMEOUT_SLACK_S >= limit;
}

/* What differs, or NULL. */
static const char *difference(const struct event *e)
{
	if (state_of(e->ours) != e->theirs->state && (!refused(e->ours) || e->theirs->there))
		return "state";
	if (result_valid(e->result) != e->valid)
		return "verdict";
	if (!e->ours->there || !e->theirs->there)
		return NULL;
	if (e->ours->opener != e->theirs->opener)
		return "opener";
	return timeout_agrees(e) ? NULL : "timeout";
}

static void event_show(const struct ctstep *step, const struct event *e)
{
	const struct ours *o = e->ours;
	char text[256];

	ctstep_print(step, text, sizeof(text));
	printf("#   %-34s ours %-11s %6u %-11s  theirs %-11s %6u %s\n", text,
	       ctdiff_states[state_of(o)],
	       o->there ? track_timeout(&o->c, &o->c.head, &ctworld_timeouts) : 0,
	       e->insane ? "insane" : result_names[e->result], ctdiff_states[e->theirs->state],
	       e->theirs->timeout_s, e->valid ? "valid" : "invalid");
}

/* How the run of a sequence ended. */
struct ending {
	const char *differs;  /* what; NULL: nothing, or as intended */
	int reason;           /* of the intended difference that ended it, or -1 */
	unsigned int steps;   /* done */
	enum conn_state from; /* the last one's effect */
	enum conn_state to;
	enum conn_state theirs;
	enum track_result result;
};

static int ending_equal(const struct ending *a, const struct ending *b)
{
	return a->differs && b->differs && !strcmp(a->differs, b->differs) && a->from == b->from &&
	       a->to == b->to && a->theirs == b->theirs && a->result == b->result;
}

static void step_run(const struct ctseq *s, unsigned int i, __u16 port, struct event *e,
		     struct ours *o, struct ctentry *theirs)
{
	__u8 frame[PKT_ROOM];
	const unsigned int len = ctseq_frame(s, i, port, frame);

	e->step = &s->step[i];
	e->from = e->step->from;
	e->kind = kind_of(s->step[i].flags);
	e->insane = segment_parse(frame, len, &e->segment) != 0;
	e->result = e->insane ? TRACK_INVALID : ours_segment(o, e->from, &e->segment);
	e->valid = ctworld_route(&world, e->from, frame, len);
	ctworld_entry(&world, s->v6, port, theirs);
	e->ours = o;
	e->theirs = theirs;
}

/* Run the sequence with a fresh port through both, up to the first difference. */
static struct ending sequence_run(const struct ctseq *s, int show)
{
	struct ending end = {.reason = -1};
	struct ours prior, o = {0};
	struct ctentry theirs;
	struct past past = {0};
	struct event e = {.prior = &prior, .past = &past};
	__u16 port;

	if (ports[s->v6] < FIRST_PORT)
		ports[s->v6] = FIRST_PORT;
	port = ports[s->v6]++;
	for (unsigned int i = 0; i < s->n && !end.differs && end.reason < 0; i++) {
		prior = o;
		step_run(s, i, port, &e, &o, &theirs);
		past_add(&past, s, i, &e);
		ctdiff_counts.reached[state_of(&prior)][e.kind]++;
		ctdiff_counts.packets++;
		end.steps++;
		end.from = state_of(&prior);
		end.to = state_of(&o);
		end.theirs = theirs.state;
		end.result = e.result;
		end.differs = difference(&e);
		if (end.differs)
			end.reason = event_intended(&e);
		if (end.reason >= 0)
			end.differs = NULL;
		if (show)
			event_show(&s->step[i], &e);
	}
	ctworld_forget(&world, s->v6, port);
	return end;
}

/* --- Failures. */

/* Leave out packets as long as the last one still does the same without them. */
static void sequence_reduce(struct ctseq *s, const struct ending *end)
{
	s->n = end->steps;
	for (unsigned int i = 0; i < s->n;) {
		struct ctseq less = *s;
		struct ending now;

		less.n--;
		memmove(&less.step[i], &less.step[i + 1], (less.n - i) * sizeof(less.step[0]));
		now = sequence_run(&less, 0);
		if (ending_equal(&now, end)) {
			*s = less;
			i = 0;
		} else {
			i++;
		}
	}
}

static void sequence_print(const struct ctseq *s)
{
	printf("# SYNGUARD_REPLAY='v6=%d isn=%u,%u", s->v6, s->isn[0], s->isn[1]);
	for (unsigned int i = 0; i < s->n; i++) {
		char text[256];

		ctstep_print(&s->step[i], text, sizeof(text));
		printf("%s %s", i ? ";" : "", text);
	}
	printf("'\n");
}

static void sequence_fail(const struct ctseq *s, const struct ending *end)
{
	struct ctseq least = *s;

	printf("# %s: %s differs after packet %u\n", s->name, end->differs, end->steps);
	sequence_print(s);
	sequence_run(s, 1);
	sequence_reduce(&least, end);
	printf("# it takes no more than\n");
	sequence_print(&least);
	sequence_run(&least, 1);
}

unsigned int ctdiff_check(const struct ctseq *s)
{
	static unsigned int shown;
	const struct ending end = sequence_run(s, 0);

	if (end.reason >= 0)
		intended_count(end.reason);
	if (end.differs && shown++ < FAILURES_SHOWN)
		sequence_fail(s, &end);
	return end.differs != NULL;
}

unsigned int ctdiff_check_both(struct ctseq *s)
{
	unsigned int differ;

	s->v6 = 0;
	differ = ctdiff_check(s);
	s->v6 = 1;
	return differ + ctdiff_check(s);
}

unsigned int ctdiff_show(const struct ctseq *s)
{
	const struct ending end = sequence_run(s, 1);

	if (end.reason >= 0)
		printf("# ended there: %s\n", intended_count(end.reason));
	return end.differs != NULL;
}

void ctdiff_start(void)
{
	ctworld_make(&world);
}

void ctdiff_stop(void)
{
	ctworld_end(&world);
}
