/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Carries frames between two virtual interfaces and mistreats those that its rules name: the n-th
 * SYN-ACK of each connection lost, doubled, late, or behind its successor.  Rules are deterministic
 * (a probability has a seed).  All else passes unchanged, in order.  Frames must have their
 * checksums: run `ethtool -K IFACE tx off tso off gso off gro off` on every veth end in the path;
 * those that lack them are counted as "partial_checksums" in the report.
 *
 * --rule KEY=VALUE,...   a frame obeys the first rule that fires; every rule counts all its matches
 *   dir=a2b|b2a          required; a is the first interface
 *   match=syn|synack|ack|data|fin|rst|any   ack: no payload, no other flag; any: not only TCP
 *   nth=N | nth=*        the N-th match in a connection (default 1), or each
 *   prob=P               only with this probability (0 to 1)
 *   do=drop|dup|delay:MS|swap   swap: sent right after the direction's next frame, or 200 ms later
 */
#include "tool.h"
#include "frame.h"
#include "rawsock.h"

#include <poll.h>
#include <sys/queue.h>

enum { RULES_MAX = 16, FLOW_BUCKETS = 4096, FLOWS_MAX = 100000, SWAP_WAIT_MS = 200 };

enum direction { A_TO_B, B_TO_A, DIRECTIONS };
enum match { MATCH_SYN, MATCH_SYNACK, MATCH_ACK, MATCH_DATA, MATCH_FIN, MATCH_RST, MATCH_ANY };
enum action { DO_DROP, DO_DUP, DO_DELAY, DO_SWAP };

static const char *const direction_names[] = {"a2b", "b2a", NULL};
static const char *const match_names[] = {"syn", "synack", "ack", "data",
					  "fin", "rst",    "any", NULL};
static const char *const action_names[] = {"drop", "dup", "delay", "swap", NULL};

struct rule {
	const char *text;
	enum direction direction;
	enum match match;
	enum action action;
	uint64_t nth; /* 0: each */
	uint64_t delay_ms;
	double probability;
	uint64_t matched, fired;
};

struct flow_key {
	uint8_t addr[2][16]; /* side a's first */
	uint16_t port[2];
};

struct flow {
	struct flow *next;
	struct flow_key key;
	uint32_t matches[RULES_MAX];
};

struct held {
	TAILQ_ENTRY(held) link;
	enum direction direction;
	bool swap;    /* goes with the next frame of its direction */
	uint64_t due; /* ns */
	unsigned int len;
	uint8_t data[];
};

TAILQ_HEAD(held_list, held);

struct relay {
	int fd[DIRECTIONS]; /* fd[d]: where frames of direction d come in */
	struct rule rules[RULES_MAX];
	unsigned int n_rules, n_flows;
	struct flow *flows[FLOW_BUCKETS];
	struct held_list held;
	uint64_t rng, forwarded[DIRECTIONS], partial, send_failed;
};

static unsigned int name_find(const char *const *names, const char *name, const char *rule)
{
	for (unsigned int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	die(EXIT_USAGE, "--rule %s: what is '%s'?", rule, name);
}

static void rule_set(struct rule *rule, const char *key, char *value)
{
	if (strcmp(key, "dir") == 0) {
		rule->direction = name_find(direction_names, value, rule->text);
	} else if (strcmp(key, "match") == 0) {
		rule->match = name_find(match_names, value, rule->text);
	} else if (strcmp(key, "nth") == 0) {
		rule->nth = strcmp(value, "*") == 0 ? 0 : number_parse("nth", value);
	} else if (strcmp(key, "prob") == 0) {
		rule->probability = strtod(value, NULL);
	} else if (strcmp(key, "do") == 0) {
		char *action = strsep(&value, ":");

		rule->action = name_find(action_names, action, rule->text);
		if (rule->action == DO_DELAY)
			rule->delay_ms = number_parse("delay", value ? value : "");
	} else {
		die(EXIT_USAGE, "--rule %s: what is '%s'?", rule->text, key);
	}
}

static void rule_parse(struct rule *rule, const char *text)
{
	char *copy = strdup(text), *rest = copy, *field;

	*rule = (struct rule){
	    .text = text, .direction = DIRECTIONS, .match = MATCH_ANY, .nth = 1, .probability = 1};
	while ((field = strsep(&rest, ","))) {
		char *key = strsep(&field, "=");

		if (!field)
			die(EXIT_USAGE, "--rule %s: '%s' has no value", text, key);
		rule_set(rule, key, field);
	}
	if (rule->direction == DIRECTIONS || !strstr(text, "do="))
		die(EXIT_USAGE, "--rule %s: dir= and do= are needed", text);
	free(copy);
}

static bool rule_matches(const struct rule *rule, const struct frame *tcp)
{
	if (!tcp || rule->match == MATCH_ANY)
		return rule->match == MATCH_ANY;
	switch (rule->match) {
	case MATCH_SYN:
		return (tcp->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	case MATCH_SYNACK:
		return (tcp->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
	case MATCH_ACK:
		return !tcp->payload_len &&
		       (tcp->flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)) == TCP_ACK;
	case MATCH_DATA:
		return tcp->payload_len > 0;
	case MATCH_FIN:
		return tcp->flags & TCP_FIN;
	default:
		return tcp->flags & TCP_RST;
	}
}

/* The connection's counters; frames that are not TCP share one entry. */
static struct flow *flow_find(struct relay *relay, const struct frame *tcp,
			      enum direction direction)
{
	struct flow_key key = {0};
	uint32_t hash = 2166136261U; /* FNV-1a */
	struct flow **at;

	if (tcp) {
		memcpy(key.addr[direction], tcp->src, 16);
		memcpy(key.addr[!direction], tcp->dst, 16);
		key.port[direction] = tcp->src_port;
		key.port[!direction] = tcp->dst_port;
	}
	for (unsigned int i = 0; i < sizeof(key); i++)
		hash = (hash ^ ((const uint8_t *)&key)[i]) * 16777619U;
	for (at = &relay->flows[hash % FLOW_BUCKETS]; *at; at = &(*at)->next)
		if (memcmp(&(*at)->key, &key, sizeof(key)) == 0)
			return *at;
	if (relay->n_flows++ == FLOWS_MAX)
		die(EXIT_FAILURE, "more than %d connections", FLOWS_MAX);
	*at = calloc(1, sizeof(**at));
	if (!*at)
		die(EXIT_FAILURE, "out of memory");
	(*at)->key = key;
	return *at;
}

static struct rule *rule_find(struct relay *relay, const struct frame *tcp,
			      enum direction direction)
{
	struct flow *flow = relay->n_rules ? flow_find(relay, tcp, direction) : NULL;
	struct rule *found = NULL;

	for (unsigned int i = 0; i < relay->n_rules; i++) {
		struct rule *rule = &relay->rules[i];

		if (rule->direction != direction || !rule_matches(rule, tcp))
			continue;
		rule->matched++;
		if (++flow->matches[i] != rule->nth && rule->nth)
			continue;
		if (rule->probability < 1 &&
		    (rng_next(&relay->rng) >> 11) * 0x1p-53 >= rule->probability)
			continue;
		if (!found)
			found = rule;
	}
	return found;
}

static void frame_send(struct relay *relay, enum direction direction, const uint8_t *data,
		       unsigned int len)
{
	if (send(relay->fd[!direction], data, len, 0) == (ssize_t)len)
		relay->forwarded[direction]++;
	else
		relay->send_failed++;
}

static void frame_hold(struct relay *relay, enum direction direction, const uint8_t *data,
		       unsigned int len, const struct rule *rule)
{
	struct held *held = malloc(sizeof(*held) + len);
	uint64_t ms = rule->action == DO_SWAP ? SWAP_WAIT_MS : rule->delay_ms;

	if (!held)
		die(EXIT_FAILURE, "out of memory");
	held->direction = direction;
	held->swap = rule->action == DO_SWAP;
	held->due = now_ns() + ms * NSEC_PER_MSEC;
	held->len = len;
	memcpy(held->data, data, len);
	TAILQ_INSERT_TAIL(&relay->held, held, link);
}

/* Sends what is due, and those of one direction that wait for a frame just sent (or DIRECTIONS). */
static void held_release(struct relay *relay, enum direction swapped)
{
	uint64_t now = now_ns();
	struct held *held = TAILQ_FIRST(&relay->held), *next;

	for (; held; held = next) {
		next = TAILQ_NEXT(held, link);
		if (held->due > now && !(held->swap && held->direction == swapped))
			continue;
		TAILQ_REMOVE(&relay->held, held, link);
		frame_send(relay, held->direction, held->data, held->len);
		free(held);
	}
}

static void frame_handle(struct relay *relay, enum direction direction, const uint8_t *data,
			 unsigned int len)
{
	struct frame frame;
	bool tcp = frame_read(data, len, &frame);
	struct rule *rule = rule_find(relay, tcp ? &frame : NULL, direction);

	if (rule) {
		rule->fired++;
		if (rule->action == DO_DROP)
			return;
		if (rule->action != DO_DUP) {
			frame_hold(relay, direction, data, len, rule);
			return;
		}
		frame_send(relay, direction, data, len);
	}
	frame_send(relay, direction, data, len);
	held_release(relay, direction);
}

static void relay_run(struct relay *relay, uint64_t seconds)
{
	static uint8_t data[65536 + 64];
	uint64_t end = seconds ? now_ns() + seconds * NSEC_PER_SEC : UINT64_MAX;
	struct pollfd wait[DIRECTIONS] = {{.fd = relay->fd[A_TO_B], .events = POLLIN},
					  {.fd = relay->fd[B_TO_A], .events = POLLIN}};
	struct raw_info info;

	while (!tool_stop && now_ns() < end) {
		poll(wait, DIRECTIONS, TAILQ_EMPTY(&relay->held) ? 100 : 1);
		for (unsigned int d = 0; d < DIRECTIONS; d++) {
			unsigned int len;

			/* Bounded, so that one busy side does not shut the other out. */
			for (int i = 0; i < 64; i++) {
				len = rawsock_read(relay->fd[d], data, sizeof(data), &info);
				if (!len)
					break;
				relay->partial += info.checksum_partial;
				frame_handle(relay, d, data, len);
			}
		}
		held_release(relay, DIRECTIONS);
	}
}

static void relay_report(const struct relay *relay)
{
	printf("{\"forwarded\": {\"a2b\": %lu, \"b2a\": %lu}, \"partial_checksums\": %lu, "
	       "\"send_failed\": %lu, \"rules\": [",
	       relay->forwarded[A_TO_B], relay->forwarded[B_TO_A], relay->partial,
	       relay->send_failed);
	for (unsigned int i = 0; i < relay->n_rules; i++)
		printf("%s{\"rule\": \"%s\", \"matched\": %lu, \"fired\": %lu}", i ? ", " : "",
		       relay->rules[i].text, relay->rules[i].matched, relay->rules[i].fired);
	printf("]}\n");
}

int main(int argc, char **argv)
{
	static struct relay relay;
	static struct text_list rules;
	uint64_t seconds = 0, seed = 1;
	const char *iface[DIRECTIONS];
	struct arg args[] = {
	    {"rule", "KEY=VALUE,...", ARG_LIST, &rules, false},
	    {"seconds", "N", ARG_NUMBER, &seconds, false},
	    {"seed", "N", ARG_NUMBER, &seed, false},
	    {0},
	};

	args_parse(argc, argv, args, " IF_A IF_B", iface, DIRECTIONS);
	if (rules.len > RULES_MAX || !seed)
		die(EXIT_USAGE, "at most %d rules, and a seed above 0", RULES_MAX);
	for (; relay.n_rules < rules.len; relay.n_rules++)
		rule_parse(&relay.rules[relay.n_rules], rules.item[relay.n_rules]);
	relay.rng = seed;
	TAILQ_INIT(&relay.held);
	relay.fd[A_TO_B] = rawsock_open(iface[0]);
	relay.fd[B_TO_A] = rawsock_open(iface[1]);
	tool_catch_signals();
	puts("ready");
	fflush(stdout);
	relay_run(&relay, seconds);
	relay_report(&relay);
	return EXIT_SUCCESS;
}
