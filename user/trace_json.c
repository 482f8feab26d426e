// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers are as on the wire; what is relative or scaled has a name of its own, and is null where
 * the trace did not see the handshake that tells it.
 */
#include <stdio.h>
#include <time.h>

#include "conns_view.h"
#include "reason_table.h"
#include "trace_json.h"

#define NS_PER_S 1000000000ULL

static json_t *time_json(__u64 wall_ns)
{
	const time_t seconds = (time_t)(wall_ns / NS_PER_S);
	char day[32] = "", text[64];
	struct tm when;

	if (gmtime_r(&seconds, &when))
		strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &when);
	snprintf(text, sizeof(text), "%s.%09uZ", day, (unsigned int)(wall_ns % NS_PER_S));
	return json_string(text);
}

static json_t *flags_json(__u8 flags)
{
	static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
	json_t *array = json_array();
	int bit;

	for (bit = 0; bit < 8; bit++)
		if (flags & 1 << bit)
			json_array_append_new(array, json_string(names[bit]));
	return array;
}

static json_t *number_or_null(bool known, __u64 number)
{
	return known ? json_integer((json_int_t)number) : json_null();
}

static json_t *sack_json(const struct trace_packet *packet)
{
	json_t *array = json_array();
	int i;

	for (i = 0; i < packet->sack_count; i++)
		json_array_append_new(array, json_pack("[I, I]", (json_int_t)packet->sack[i].start,
						       (json_int_t)packet->sack[i].end));
	return array;
}

static json_t *others_json(const struct trace_packet *packet)
{
	json_t *array = json_array();
	char name[16];
	int i;

	for (i = 0; i < packet->other_count; i++) {
		trace_option_name(packet->other[i], name, sizeof(name));
		json_array_append_new(array, json_string(name));
	}
	return array;
}

/* Only those that the segment has. */
static json_t *options_json(const struct trace_packet *packet)
{
	const struct tcpopts *opts = &packet->opts;
	json_t *options = json_object();

	if (opts->mss)
		json_object_set_new(options, "mss", json_integer(opts->mss));
	if (opts->wscale != WSCALE_NONE)
		json_object_set_new(options, "wscale", json_integer(opts->wscale));
	if (opts->sack_perm)
		json_object_set_new(options, "sack_permitted", json_true());
	if (opts->has_ts) {
		json_object_set_new(options, "tsval", json_integer(opts->tsval));
		json_object_set_new(options, "tsecr", json_integer(opts->tsecr));
	}
	if (packet->sack_count)
		json_object_set_new(options, "sack", sack_json(packet));
	if (packet->other_count)
		json_object_set_new(options, "other", others_json(packet));
	return options;
}

static void tcp_set(json_t *object, const struct trace_conn *conn,
		    const struct trace_packet *packet)
{
	const struct trace_numbers numbers = trace_conn_numbers(conn, packet);
	const bool has_ack = packet->flags & TCP_ACK;

	json_object_set_new(object, "flags", flags_json(packet->flags));
	json_object_set_new(object, "seq", json_integer(packet->seq));
	json_object_set_new(object, "ack", number_or_null(has_ack, packet->ack));
	json_object_set_new(object, "seq_relative", number_or_null(numbers.seq_known, numbers.seq));
	json_object_set_new(object, "ack_relative", number_or_null(numbers.ack_known, numbers.ack));
	json_object_set_new(object, "window", json_integer(packet->window));
	json_object_set_new(object, "window_scaled",
			    number_or_null(numbers.window_known, numbers.window));
	json_object_set_new(object, "len", json_integer(packet->len));
	json_object_set_new(object, "options", options_json(packet));
}

static json_t *end_json(const __u8 addr[16], __u16 port)
{
	char text[ENDPOINT_MAX];

	trace_address(addr, text);
	return json_pack("{s:s, s:i}", "address", text, "port", (int)port);
}

static void ends_set(json_t *object, const struct trace_conn *conn)
{
	const struct conn_key *key = &conn->key;
	const bool here = conn->opened_here;

	json_object_set_new(
	    object, "client",
	    end_json(here ? key->local : key->remote, here ? key->local_port : key->remote_port));
	json_object_set_new(
	    object, "server",
	    end_json(here ? key->remote : key->local, here ? key->remote_port : key->local_port));
}

/* null for what this host sent: nothing is decided there. */
static json_t *string_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

json_t *trace_json(const struct trace_conn *conn, const struct trace_packet *packet, __u64 wall_ns,
		   bool monitor)
{
	const struct trace_event *event = packet->event;
	const bool has_reason = event->reason < REASON_MAX;
	json_t *object = json_object();

	if (!object)
		return NULL;
	json_object_set_new(object, "time", time_json(wall_ns));
	json_object_set_new(object, "connection", json_integer(conn->id));
	json_object_set_new(object, "point", json_string(trace_point_name(event->point)));
	json_object_set_new(object, "verdict", string_or_null(trace_verdict(event, monitor)));
	json_object_set_new(object, "reason",
			    string_or_null(has_reason ? reason_table[event->reason].name : NULL));
	ends_set(object, conn);
	json_object_set_new(object, "to_server",
			    json_boolean(packet->from_remote != conn->opened_here));
	if (packet->has_tcp)
		tcp_set(object, conn, packet);
	json_object_set_new(object, "frame_len", json_integer(event->frame_len));
	json_object_set_new(object, "state", json_string(conn_state_name(event->head.state)));
	return object;
}
