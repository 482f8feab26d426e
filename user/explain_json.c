// SPDX-License-Identifier: GPL-2.0
/* An explanation as JSON: the decision, and each fact as a value. */
#include <linux/bpf.h>

#include "conns_print.h"
#include "explain_words.h"
#include "reason_table.h"
#include "setup_view.h"

/* As conns --json has it, but for interface and slot. */
static json_t *entry_json(const struct conn *c, __u32 slot, const struct explanation *e)
{
	const struct conn_clock clock = explanation_clock(e);
	const struct conn_row row = {*c, slot};
	char buffer[CONN_JSON_SIZE];
	struct text text = {.data = buffer, .size = sizeof(buffer)};
	json_t *entry;

	conn_json(&row, &clock, "null", &text);
	entry = json_loadb(text.data, text.used, 0, NULL);
	if (!entry)
		return json_null();
	json_object_del(entry, "slot");
	json_object_del(entry, "interface");
	return entry;
}

static json_t *listener_json(const struct explanation *e)
{
	const struct listener *s = &e->listener;

	if (!e->has_listener || !s->listening)
		return json_null();
	return json_pack("{s:b, s:b, s:b, s:b, s:b}", "tcp_syncookies", (int)s->allow_cookie,
			 "mptcp", (int)s->mptcp, "signed", (int)s->signed_only, "mss_small",
			 (int)s->mss_small, "kernel_cookies", (int)s->kernel_cookies);
}

static json_t *answer_json(const struct explain_answer *a)
{
	if (!a->given)
		return json_null();
	return json_pack("{s:i, s:o, s:b, s:b, s:b, s:i, s:i}", "mss", a->opts.mss, "wscale",
			 a->opts.wscale == WSCALE_NONE ? json_null() : json_integer(a->opts.wscale),
			 "sack", a->opts.sack_perm, "timestamps", a->opts.has_ts, "ecn", a->ecn,
			 "window", a->window, "ttl", a->ttl);
}

static json_t *packet_json(const struct explanation *e)
{
	static const char *const numbers[] = {[NUMBERS_RANDOM] = "random",
					      [NUMBERS_CONN] = "connection",
					      [NUMBERS_HALF] = "half-open"};
	char client[EXPLAIN_ADDRESS_MAX], server[EXPLAIN_ADDRESS_MAX], flags[EXPLAIN_ADDRESS_MAX];

	explain_endpoint_print(e->request.key.remote, e->request.key.remote_port, client);
	explain_endpoint_print(e->request.key.local, e->request.key.local_port, server);
	explain_flags_print(e->request.flags, flags);
	return json_pack("{s:s, s:s, s:s, s:s}", "client", client, "server", server, "flags", flags,
			 "numbers", numbers[e->numbers]);
}

static json_t *service_json(const struct explanation *e)
{
	const struct explain_service *s = &e->service;

	if (!s->policy_id)
		return json_null();
	return json_pack(
	    "{s:b, s:b, s:b, s:I, s:I, s:i, s:i, s:I, s:I}", "of_one_address", (int)s->by_addr,
	    "speaks_first", (int)s->policy.speaks_first, "under_attack", explanation_attacked(e),
	    "syn_rate_on", (json_int_t)s->policy.syn_rate_on, "syn_rate_off",
	    (json_int_t)s->policy.syn_rate_off, "unfinished_percent_on", s->policy.unfinished_on,
	    "unfinished_percent_off", s->policy.unfinished_off, "hold_ms",
	    (json_int_t)s->policy.hold_ms, "attacks_so_far", (json_int_t)s->defence.attacks);
}

static json_t *facts_json(const struct explanation *e)
{
	const struct syn_facts *f = &e->facts;

	if (!explanation_has_facts(e))
		return json_null();
	return json_pack("{s:b, s:b, s:b, s:b, s:b, s:b, s:i, s:i}", "allowed", (int)f->allowed,
			 "attacked", (int)f->attacked, "proven", (int)f->proven, "new_limited",
			 (int)f->new_limited, "accept_full", (int)f->accept_full, "queue_room",
			 (int)f->queue_room, "unfinished", (int)e->listener.unfinished, "backlog",
			 (int)e->listener.backlog);
}

static const char *verdict_name(int verdict)
{
	return verdict == XDP_TX ? "TX" : verdict == XDP_DROP ? "DROP" : "PASS";
}

json_t *explain_json(const struct explanation *e, const char *iface)
{
	const struct reason_row *row = &reason_table[e->reason];
	char advice[320];

	explain_advice(e, iface, advice, sizeof(advice));
	return json_pack("{s:s, s:s?, s:o, s:s, s:s, s:s, s:b, s:s, s:s, s:b, s:o, s:o, s:o, s:o, "
			 "s:o, s:b, s:s?,"
			 " s:o}",
			 "interface", iface, "mode",
			 e->service.policy_id ? mode_name(e->service.policy.mode) : NULL, "packet",
			 packet_json(e), "verdict", verdict_name(e->verdict), "reason", row->name,
			 "reason_verdict", row->verdict, "enforced", explanation_enforced(e),
			 "text", row->text, "advice", advice, "port_protected",
			 e->service.policy_id != 0, "service", service_json(e), "syn_facts",
			 facts_json(e), "listener", listener_json(e), "connection",
			 e->has_conn ? entry_json(&e->conn, 0, e) : json_null(), "half_open",
			 e->has_half ? entry_json(&e->half, CONN_HALF_OPEN, e) : json_null(),
			 "table_complete", explanation_complete(e), "kernel_has",
			 explanation_kernel(e), "syn_ack", answer_json(&e->answer));
}
