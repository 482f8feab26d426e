// SPDX-License-Identifier: GPL-2.0
/*
 * Where the tracker is meant to differ from nf_conntrack: a table of predicates with a reason each,
 * the narrow ones first.  Each is asked only when something does differ.
 */
#include <stdio.h>

#include "ctdiff.h"
#include "ctdiff_event.h"

static int stays(const struct event *e)
{
	return e->theirs->state == state_of(e->prior);
}

/* Everything else is the same. */
static int only_timeout(const struct event *e)
{
	return state_of(e->ours) == e->theirs->state && result_valid(e->result) == e->valid;
}

static int checksum_bad(const struct event *e)
{
	return e->step->badsum && !e->valid;
}

static int urgent(const struct event *e)
{
	return (e->step->flags & TCP_URG) && !e->valid &&
	       (e->kind == SEG_RST || e->kind == SEG_SYNACK);
}

static int midstream(const struct event *e)
{
	return e->past->picked_up &&
	       (only_timeout(e) || e->result == TRACK_OUTSIDE || e->result == TRACK_IGNORED);
}

static int rst_guessed(const struct event *e)
{
	return e->kind == SEG_RST && (e->result == TRACK_OUTSIDE || e->result == TRACK_RST_INEXACT);
}

static int late_traceless(const struct event *e)
{
	return e->past->late && (e->kind == SEG_SYN || e->kind == SEG_SYNACK) &&
	       state_of(e->prior) == CLOSE;
}

static int rst_at_end(const struct event *e)
{
	return e->kind == SEG_RST && e->result == TRACK_OK && stays(e);
}

static int outside_without_effect(const struct event *e)
{
	return (e->kind == SEG_FIN || e->kind == SEG_SYN || e->kind == SEG_SYNACK) &&
	       (!e->again || e->past->ignored) && e->result == TRACK_OUTSIDE && e->valid &&
	       stays(e);
}

static int not_proven(const struct event *e)
{
	return e->from == e->prior->opener && !e->prior->c.client.acked &&
	       (e->step->flags & PKT_ACK) && e->result == TRACK_OUTSIDE && e->valid;
}

static int simultaneous_not_proven(const struct event *e)
{
	return e->prior->c.head.flags.simultaneous && !e->prior->c.client.acked &&
	       state_of(e->ours) == SYN_RECV && e->theirs->state == ESTABLISHED;
}

static int opening(const struct ours *o)
{
	const enum conn_state state = state_of(o);

	return state == SYN_SENT || state == SYN_SENT2 || state == SYN_RECV;
}

static int synack_after_data(const struct event *e)
{
	return e->kind == SEG_SYNACK && !opening(e->prior) && state_of(e->ours) == SYN_RECV &&
	       stays(e);
}

static int isn_changed(const struct event *e)
{
	return e->past->isn_changed;
}

static int invalid_open(const struct event *e)
{
	return e->past->invalid_open;
}

static int resynced(const struct event *e)
{
	return e->past->resynced && stays(e);
}

/* The numbers of TCP have no order over such distances (RFC 9293 3.4). */
static int far(__u32 a, __u32 b)
{
	return a - b + (1U << 30) > 1U << 31;
}

static int half_the_space(const struct event *e)
{
	const struct conn *c = &e->prior->c;
	const int client = e->from == e->prior->opener;
	const __u32 sent = client ? c->client.end : c->server.end;
	const __u32 got = client ? c->server.end : c->client.end;

	return e->kind == SEG_ACK && e->result != TRACK_OK && stays(e) &&
	       (far(e->segment.seq, sent) || far(e->segment.ack, got));
}

static int syn_again(const struct event *e)
{
	return e->past->syn_again && e->kind != SEG_SYN &&
	       (e->result == TRACK_IGNORED || e->result == TRACK_OUTSIDE);
}

static int simultaneous_kept(const struct event *e)
{
	return e->past->syn_again && e->prior->c.head.flags.simultaneous &&
	       state_of(e->ours) == ESTABLISHED && e->theirs->state == SYN_RECV;
}

static int window_zero(const struct event *e)
{
	return only_timeout(e) && !e->past->window &&
	       e->theirs->timeout_s <= ctworld_timeouts.unacknowledged;
}

static int invalid_timeless(const struct event *e)
{
	return only_timeout(e) && !e->valid &&
	       e->theirs->timeout_s <= ctworld_timeouts.unacknowledged;
}

static int sent_again(const struct event *e)
{
	return only_timeout(e) && e->past->repeats >= 3 &&
	       e->theirs->timeout_s <= ctworld_timeouts.unacknowledged;
}

static int end_moved_back(const struct event *e)
{
	return e->past->ignored && (only_timeout(e) || e->result == TRACK_IGNORED ||
				    (e->result == TRACK_OK && !e->valid));
}

static int reopened_unanswered(const struct event *e)
{
	return e->kind == SEG_SYN && refused(e->prior) && state_of(e->ours) == SYN_SENT && stays(e);
}

static int refused_kept(const struct event *e)
{
	return refused(e->prior) && !(e->kind == SEG_SYN && e->from == e->prior->opener);
}

static int rst_window(const struct event *e)
{
	return state_of(e->prior) == CLOSE && state_of(e->ours) == CLOSE && stays(e) && e->valid &&
	       e->result == TRACK_OUTSIDE;
}

static int overshot(const struct event *e)
{
	return only_timeout(e) && e->result == TRACK_IGNORED && e->kind == SEG_ACK &&
	       e->ours->c.head.state == ESTABLISHED;
}

static struct {
	int (*applies)(const struct event *e);
	const char *reason;
	unsigned int count;
} intended[] = {
    {checksum_bad, "checksums are left to the receiver", 0},
    {urgent, "URG on RST and SYN-ACK is left to the receiver", 0},
    {half_the_space, "half of all numbers away: new or old is anybody's guess", 0},
    {rst_guessed, "an RST has to have the very number that is expected next (RFC 5961 3.2)", 0},
    {rst_at_end, "that number may be the end of all that was sent, acknowledged and allowed or not",
     0},
    {late_traceless, "late segments that do not fit do not come between an RST and a SYN", 0},
    {rst_window, "an RST says nothing about windows", 0},
    {outside_without_effect,
     "FIN, SYN and SYN-ACK beside the window are invalid, where conntrack lets them pass without "
     "effect",
     0},
    {not_proven, "the client's first ACK has to acknowledge the server's SYN", 0},
    {simultaneous_not_proven, "the same for a simultaneous open", 0},
    {synack_after_data,
     "data that flows, or does not fit, does not come between a SYN and its answer", 0},
    {window_zero, "a window of 0 does not shorten the timeout", 0},
    {invalid_timeless, "what is invalid does not shorten the timeout", 0},
    {sent_again, "segments sent again are not counted, and do not shorten the timeout", 0},
    {overshot, "data beyond the window counts as unacknowledged at once, not with the next segment",
     0},
    {end_moved_back, "a keepalive above the window does not move back the end of what was sent", 0},
    {refused_kept, "a refused connection is kept, and late segments are held against it", 0},
    {reopened_unanswered, "a SYN starts over where no SYN was ever answered", 0},
    {syn_again, "a SYN sent again in a simultaneous open allows the other side no data", 0},
    {simultaneous_kept, "nor does it end the simultaneous open", 0},
    {midstream,
     "picked up in mid-stream: windows may have any scale, FIN and RST need their numbers all the "
     "same, and what was sent before may be unacknowledged",
     0},
    {resynced, "the window of a SYN that was ignored is not kept: it counts as 65535", 0},
    {invalid_open, "what is invalid leaves no trace, where conntrack learns windows from it", 0},
    {isn_changed,
     "a SYN with another ISN starts over, be it higher or lower; later SYN-ACKs do not", 0},
};

enum { N_INTENDED = sizeof(intended) / sizeof(intended[0]) };

int event_intended(const struct event *e)
{
	for (unsigned int i = 0; i < N_INTENDED; i++)
		if (intended[i].applies(e))
			return (int)i;
	return -1;
}

const char *intended_count(int reason)
{
	intended[reason].count++;
	return intended[reason].reason;
}

void ctdiff_print_intended(void)
{
	printf("# sequences that ended in an intended difference:\n");
	for (unsigned int i = 0; i < N_INTENDED; i++)
		printf("# %6u %s\n", intended[i].count, intended[i].reason);
}

static void past_syn(struct past *past, const struct ctstep *step, int opens)
{
	const __u32 end = step->seq + step->len + 1;

	if (opens && past->syn[step->from] && past->syn_end[step->from] != end)
		past->isn_changed = 1;
	past->syn[step->from] = 1;
	past->syn_end[step->from] = end;
}

static void past_ack(struct past *past, const struct ctstep *step)
{
	const struct ctstep *last = &past->ack;

	if (last->from == step->from && last->seq == step->seq && last->ack == step->ack &&
	    last->len == step->len && last->window == step->window)
		past->repeats++;
	else
		past->repeats = 0;
	past->window = step->window;
	past->ack = *step;
}

static int step_equal(const struct ctstep *a, const struct ctstep *b)
{
	return a->from == b->from && a->flags == b->flags && a->seq == b->seq && a->ack == b->ack &&
	       a->len == b->len;
}

static int past_has(const struct past *past, const struct ctseq *s, unsigned int i)
{
	for (unsigned int j = 0; j < i; j++)
		if ((past->taken >> j & 1) && step_equal(&s->step[j], &s->step[i]))
			return 1;
	return 0;
}

static int opens_anew(const struct event *e)
{
	return e->ours->there &&
	       (!e->prior->there ||
		(e->kind == SEG_SYN && e->result == TRACK_OK && state_of(e->ours) == SYN_SENT));
}

static void past_learn(struct past *past, const struct event *e)
{
	const int syn = e->kind == SEG_SYN || e->kind == SEG_SYNACK;

	if (opens_anew(e))
		*past = (struct past){
		    .picked_up = e->ours->c.head.flags.picked_up,
		    .late = past->late,
		};
	if (syn)
		past_syn(past, e->step, opening(e->prior));
	if (e->kind == SEG_SYN &&
	    (state_of(e->prior) == SYN_SENT2 || e->prior->c.head.flags.simultaneous))
		past->syn_again = 1;
	if ((syn || e->kind == SEG_RST) && opening(e->prior) && !e->valid)
		past->invalid_open = 1;
	if (e->kind == SEG_SYNACK && e->result == TRACK_OK &&
	    !e->prior->c.head.flags.simultaneous && state_of(e->prior) != SYN_SENT)
		past->resynced = 1;
	if (e->kind == SEG_ACK && e->valid && e->result == TRACK_OK)
		past_ack(past, e->step);
	if (e->kind == SEG_ACK && e->result == TRACK_IGNORED)
		past->ignored = 1;
	if (state_of(e->prior) == CLOSE && e->result != TRACK_OK)
		past->late = 1;
}

void past_add(struct past *past, const struct ctseq *s, unsigned int i, struct event *e)
{
	past_learn(past, e);
	e->again = past_has(past, s, i);
	past->taken |= (__u32)(e->valid && e->result == TRACK_OK) << i;
}
