// SPDX-License-Identifier: GPL-2.0
/* nftables' rules, from nft's JSON. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "check.h"
#include "run.h"

/* What one rule says, as far as it matters here. */
struct nft_rule {
	int syn;     /* matches on the SYN flag being set */
	int not_syn; /* matches on it not being set */
	int state_new;
	int state_invalid;
	int accepts;
	int drops;
	int redirects;
	int other_port; /* has a destination port, and no protected one */
};

/* Is text the value, or among the values, that a match compares with? */
static int value_has(json_t *value, const char *text)
{
	json_t *item;
	size_t i;

	if (json_is_string(value))
		return !strcmp(json_string_value(value), text);
	if (json_is_object(value))
		return value_has(json_object_get(value, "set"), text) ||
		       value_has(json_object_get(value, "|"), text);
	json_array_foreach(value, i, item) if (value_has(item, text)) return 1;
	return 0;
}

static int ports_protected(const struct check *check, json_t *value)
{
	json_t *item, *range = json_object_get(value, "range");
	unsigned int port;
	size_t i;

	if (json_is_integer(value)) {
		port = (unsigned int)json_integer_value(value);
		return check_port_protected(check, port, port);
	}
	if (range)
		return check_port_protected(
		    check, (unsigned int)json_integer_value(json_array_get(range, 0)),
		    (unsigned int)json_integer_value(json_array_get(range, 1)));
	if (json_is_string(value)) /* a named set, whose content is not followed */
		return 1;
	if (json_is_object(value))
		return ports_protected(check, json_object_get(value, "set"));
	json_array_foreach(value, i, item) if (ports_protected(check, item)) return 1;
	return 0;
}

static int payload_is(json_t *left, const char *protocol, const char *field)
{
	json_t *payload = json_object_get(left, "payload");
	const char *found_protocol = json_string_value(json_object_get(payload, "protocol"));
	const char *found_field = json_string_value(json_object_get(payload, "field"));

	return found_protocol && found_field && !strcmp(found_protocol, protocol) &&
	       !strcmp(found_field, field);
}

static void flags_read(struct nft_rule *rule, const char *op, json_t *right)
{
	int has_syn = value_has(right, "syn"), negated = !strcmp(op, "!=") || !strcmp(op, "!");

	rule->syn |= has_syn && !negated;
	rule->not_syn |= has_syn && negated;
}

static void state_read(struct nft_rule *rule, json_t *states)
{
	rule->state_new |= value_has(states, "new");
	rule->state_invalid |= value_has(states, "invalid");
}

static void match_read(const struct check *check, struct nft_rule *rule, json_t *match)
{
	json_t *left = json_object_get(match, "left"), *right = json_object_get(match, "right");
	json_t *masked = json_array_get(json_object_get(left, "&"), 0);
	const char *op = json_string_value(json_object_get(match, "op"));
	const char *key = json_string_value(json_object_get(json_object_get(left, "ct"), "key"));

	if (payload_is(left, "tcp", "flags") || payload_is(masked, "tcp", "flags"))
		flags_read(rule, op ? op : "==", right);
	if (payload_is(left, "tcp", "dport") || payload_is(left, "th", "dport"))
		rule->other_port = op && !strcmp(op, "!=") ? 0 : !ports_protected(check, right);
	if (key && !strcmp(key, "state") && (!op || strcmp(op, "!=") != 0))
		state_read(rule, right);
}

/* `ct state vmap { invalid : drop, ... }` is a rule for each of its elements. */
static void vmap_read(struct nft_rule *rule, json_t *vmap)
{
	json_t *pair, *data = json_object_get(vmap, "data");
	const char *key = json_string_value(
	    json_object_get(json_object_get(json_object_get(vmap, "key"), "ct"), "key"));
	size_t i;

	if (!key || strcmp(key, "state") != 0)
		return;
	json_array_foreach(json_object_get(data, "set"), i, pair)
	{
		if (!json_object_get(json_array_get(pair, 1), "drop"))
			continue;
		rule->state_invalid |= value_has(json_array_get(pair, 0), "invalid");
		rule->drops |= rule->state_invalid;
	}
}

static void rule_read(const struct check *check, json_t *expressions, struct nft_rule *rule)
{
	json_t *expression;
	size_t i;

	json_array_foreach(expressions, i, expression)
	{
		if (json_object_get(expression, "match"))
			match_read(check, rule, json_object_get(expression, "match"));
		if (json_object_get(expression, "vmap"))
			vmap_read(rule, json_object_get(expression, "vmap"));
		rule->accepts |= json_object_get(expression, "accept") != NULL;
		rule->drops |= json_object_get(expression, "drop") != NULL ||
			       json_object_get(expression, "reject") != NULL;
		rule->redirects |= json_object_get(expression, "dnat") != NULL ||
				   json_object_get(expression, "redirect") != NULL;
	}
}

static void rule_judge(struct check *check, struct firewall *firewall, const struct nft_rule *rule,
		       const char *where)
{
	if (rule->other_port)
		return;
	if (rule->syn && rule->accepts)
		check_rule(check, firewall, RULE_SYN_ONLY, where);
	if (rule->not_syn && rule->drops)
		check_rule(check, firewall, RULE_NOT_SYN_DROP, where);
	if (rule->state_invalid && rule->drops && firewall->tcp_loose == 0)
		check_rule(check, firewall, RULE_INVALID_DROP, where);
	if (rule->redirects)
		check_rule(check, firewall, RULE_DNAT, where);
}

static const char *text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "?";
}

/* Conntrack is on as soon as a rule asks for it, or an address translation needs it. */
static int json_mentions(json_t *value, const char *name)
{
	const char *key;
	json_t *item;
	size_t i;

	json_object_foreach(value, key,
			    item) if (!strcmp(key, name) || json_mentions(item, name)) return 1;
	if (json_is_array(value))
		json_array_foreach(value, i, item) if (json_mentions(item, name)) return 1;
	return 0;
}

static void item_check(struct check *check, struct firewall *firewall, json_t *item)
{
	json_t *object = json_object_get(item, "rule");
	const char *type = text_of(json_object_get(item, "chain"), "type");
	struct nft_rule rule = {0};
	char where[120];

	firewall->conntrack |= !strcmp(type, "nat");
	if (!object)
		return;
	firewall->conntrack |= json_mentions(object, "ct");
	firewall->xt |= json_mentions(object, "xt");
	rule_read(check, json_object_get(object, "expr"), &rule);
	snprintf(where, sizeof(where), "nft rule %s %s %s handle %lld", text_of(object, "family"),
		 text_of(object, "table"), text_of(object, "chain"),
		 (long long)json_integer_value(json_object_get(object, "handle")));
	rule_judge(check, firewall, &rule, where);
}

static void unreadable_add(struct check *check, const char *what, const char *remedy)
{
	check_add(check, "firewall_nftables", CHECK_WARN, "nftables' rules: %s", what);
	check_why(check, "a rule that expects a SYN first would cut cookie clients off unseen");
	check_remedy(check, "%s", remedy);
}

void check_nftables(struct check *check, struct firewall *firewall)
{
	char *argv[] = {"nft", "-j", "list", "ruleset", NULL};
	char *text = NULL;
	json_t *root, *item;
	size_t i;
	int err = run_read(argv, &text);

	if (err == -ENOENT) {
		unreadable_add(check, "cannot be read, nft is not installed",
			       "install nftables, then check again");
		return;
	}
	if (err) {
		unreadable_add(check, "cannot be read, `nft -j list ruleset` failed",
			       "look at the rules yourself: nft list ruleset");
		return;
	}
	root = json_loads(text, 0, NULL);
	free(text);
	if (!root)
		unreadable_add(check, "nft's JSON is not understood",
			       "look at the rules yourself: nft list ruleset");
	json_array_foreach(json_object_get(root, "nftables"), i, item)
	    item_check(check, firewall, item);
	json_decref(root);
}
