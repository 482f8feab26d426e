// SPDX-License-Identifier: GPL-2.0
/* What led to a decision, one line a fact, in the order in which the program looks. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "explain_words.h"
#include "setup_view.h"

static void fact_add(struct explain_facts *facts, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fact_add(struct explain_facts *facts, const char *name, const char *format, ...)
{
	va_list args;

	if (facts->count >= EXPLAIN_FACTS_MAX)
		return;
	facts->of[facts->count].name = name;
	va_start(args, format);
	vsnprintf(facts->of[facts->count].text, sizeof(facts->of[0].text), format, args);
	va_end(args);
	facts->count++;
}

static void facts_numbers(const struct explanation *e, struct explain_facts *facts)
{
	static const char *const texts[] = {
	    [NUMBERS_RANDOM] = "at random: no number that a connection expects, and no cookie",
	    [NUMBERS_CONN] = "those that the connection expects next",
	    [NUMBERS_HALF] = "those that the half-open handshake expects next",
	};

	if ((e->request.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		fact_add(facts, "options",
			 "as Linux sends: MSS %d, SACK, timestamps, window scale 7",
			 e->request.is_v6 ? 1440 : 1460);
	else
		fact_add(facts, "SEQ and ACK", "%s", texts[e->numbers]);
}

static void facts_service(const struct explanation *e, struct explain_facts *facts)
{
	char policy[GROUP_POLICY_MAX];

	policy_text(&e->service.policy, policy);
	fact_add(facts, "service", "port %u%s: %s", e->request.key.local_port,
		 e->service.by_addr ? " of this address" : "",
		 e->service.policy_id ? policy : "not protected");
}

static void facts_listener(const struct explanation *e, struct explain_facts *facts)
{
	char where[EXPLAIN_ADDRESS_MAX];

	explain_endpoint_print(e->request.key.local, e->request.key.local_port, where);
	if (!e->has_listener)
		fact_add(facts, "listener", "not looked for");
	else if (e->listener.listening)
		fact_add(facts, "listener", "yes, at %s", where);
	else
		fact_add(facts, "listener", "none at %s, or not an address of this host", where);
}

static void facts_side(const char *name, const struct conn_side *s, int here,
		       struct explain_facts *facts)
{
	char scale[32] = "no window scale";

	if (s->scaling)
		snprintf(scale, sizeof(scale), "window scale %u", (unsigned int)s->wscale);
	fact_add(facts, name, "%s: %" PRIu64 " packets, %" PRIu64 " bytes; window %u, %s%s%s%s%s",
		 here ? "this host" : "the peer", (uint64_t)s->packets, (uint64_t)s->bytes,
		 s->max_win, scale, s->sack ? ", SACK" : "", s->tstamp ? ", timestamps" : "",
		 s->unacked ? ", data not acknowledged" : "", s->closing ? ", closed first" : "");
}

static void facts_conn(const struct explanation *e, struct explain_facts *facts)
{
	const struct conn *c = &e->conn;
	const struct conn_clock clock = explanation_clock(e);
	__u32 left;
	char rest[64] = "stays while its socket is there";

	if (!e->has_conn) {
		fact_add(facts, "connection", "none in the table");
		return;
	}
	if (conn_expires_s(c, &clock, &left))
		snprintf(rest, sizeof(rest), "is removed in %u s without a packet", left);
	fact_add(facts, "connection", "%s; socket %s; opened by %s; %u s old, idle %u s; %s",
		 conn_state_name(c->head.state), conn_socket_name(c->head.socket),
		 conn_kind_name(c->head.kind), conn_age_s(c, &clock), conn_idle_s(c, &clock), rest);
	facts_side("  client", &c->client, c->head.flags.opened_here, facts);
	facts_side("  server", &c->server, !c->head.flags.opened_here, facts);
}

static void facts_half(const struct explanation *e, struct explain_facts *facts)
{
	const struct conn_clock clock = explanation_clock(e);

	if (e->has_half)
		fact_add(facts, "half-open", "%s; a handshake of the kernel's own, %u s old%s",
			 conn_state_name(e->half.head.state), conn_age_s(&e->half, &clock),
			 explanation_kernel_active(e) ? "" : "; over, so not looked at");
	else if (explanation_kernel_active(e))
		fact_add(facts, "half-open",
			 "none, though the kernel lately did handshakes of its"
			 " own on this port");
	else
		fact_add(facts, "half-open", "none");
}

static void facts_table(const struct explanation *e, struct explain_facts *facts)
{
	const char *kernel = explanation_kernel(e);

	if (explanation_complete(e))
		fact_add(facts, "table", "complete: what is not in it the kernel has not");
	else
		fact_add(facts, "table", "not complete: the kernel may have more");
	if (kernel)
		fact_add(facts, "kernel", "asked for this tuple; found: %s", kernel);
	else
		fact_add(facts, "kernel", "not asked for this tuple");
}

/* In mode always it changes nothing, but is known all the same. */
static void facts_attack(const struct explanation *e, struct explain_facts *facts)
{
	const struct defence *d = &e->service.defence;
	const struct conn_clock clock = explanation_clock(e);

	if (explanation_attacked(e))
		fact_add(facts, "attack", "yes, for %u s; %u so far",
			 clock.boottime_s - d->started_s, d->attacks);
	else
		fact_add(facts, "attack", "none now; %u so far", d->attacks);
}

/* What a SYN is decided upon, beside the listener. */
static void facts_syn(const struct explanation *e, struct explain_facts *facts)
{
	const struct syn_facts *f = &e->facts;
	const struct listener *s = &e->listener;

	if (!explanation_has_facts(e))
		return;
	if (f->allowed || f->new_limited || f->proven)
		fact_add(facts, "client", "%s%s%s", f->allowed ? "on the allowlist; " : "",
			 f->new_limited ? "its prefix opened too many connections; " : "",
			 f->proven ? "proven lately, and has credit" : "");
	fact_add(facts, "queues",
		 "accept queue %s; %u handshakes of the kernel's not finished,"
		 " backlog %u",
		 f->accept_full ? "full" : "has room", s->unfinished, s->backlog);
}

static void facts_socket(const struct explanation *e, struct explain_facts *facts)
{
	const struct listener *s = &e->listener;

	if (!e->has_listener || !s->listening)
		return;
	fact_add(facts, "tcp_syncookies", "%s", s->allow_cookie ? "on" : "0: no hand-off is taken");
	fact_add(facts, "socket options", "MPTCP %s; MD5 or AO keys %s; TCP_MAXSEG %s%s",
		 s->mptcp ? "yes" : "no", s->signed_only ? "yes" : "no",
		 s->mss_small ? "too small for a hand-off" : "no hindrance",
		 s->kernel_cookies ? "; the kernel lately sent cookies of its own" : "");
}

static void facts_answer(const struct explanation *e, struct explain_facts *facts)
{
	const struct explain_answer *a = &e->answer;
	char scale[32] = "";

	if (!a->given)
		return;
	if (a->opts.wscale != WSCALE_NONE)
		snprintf(scale, sizeof(scale), ", window scale %u", a->opts.wscale);
	fact_add(facts, "SYN-ACK", "MSS %u%s%s%s%s; window %u, %s %u", a->opts.mss,
		 a->opts.sack_perm ? ", SACK" : "", a->opts.has_ts ? ", timestamps" : "", scale,
		 a->ecn ? ", ECN" : "", a->window, e->request.is_v6 ? "hop limit" : "TTL", a->ttl);
}

/* Ways that end before a connection or a listener is looked for. */
static int ended_early(const struct explanation *e)
{
	return !e->service.policy_id || e->reason == REASON_deny_listed ||
	       (e->reason >= REASON_eth_truncated && e->reason <= REASON_src_not_unicast);
}

void explain_facts_collect(const struct explanation *e, struct explain_facts *ret_facts)
{
	ret_facts->count = 0;
	facts_numbers(e, ret_facts);
	facts_service(e, ret_facts);
	if (ended_early(e))
		return;
	facts_listener(e, ret_facts);
	facts_attack(e, ret_facts);
	facts_syn(e, ret_facts);
	facts_conn(e, ret_facts);
	facts_half(e, ret_facts);
	if (e->reason == REASON_not_protected || e->reason == REASON_synack_passed)
		return;
	facts_table(e, ret_facts);
	facts_socket(e, ret_facts);
	facts_answer(e, ret_facts);
}
