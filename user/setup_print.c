// SPDX-License-Identifier: GPL-2.0
/* A setup as YAML: its words by table, written by libcyaml. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "setup_config.h"
#include "setup_values.h"

static bool same_attack(const struct policy *a, const struct policy *b)
{
	return a->syn_rate_on == b->syn_rate_on && a->syn_rate_off == b->syn_rate_off &&
	       a->unfinished_on == b->unfinished_on && a->unfinished_off == b->unfinished_off &&
	       a->hold_ms == b->hold_ms;
}

/* May the two be one item of the file, with their ports in one list? */
static bool same_item(const struct service *a, const struct service *b)
{
	return a->any_addr == b->any_addr && (a->any_addr || addr_equal(a->addr, b->addr)) &&
	       !memcmp(&a->policy, &b->policy, sizeof(a->policy));
}

static bool is_all(const struct setup *setup, unsigned int i)
{
	return setup->all_ports && i == setup->count - 1;
}

/* The services that are one item with the first of them; *ret_ports is their list. */
static unsigned int item_ports(const struct setup *setup, unsigned int first, char **ret_ports)
{
	const struct service *service = &setup->services[first];
	unsigned int i = first;
	size_t size;
	FILE *out;

	if (is_all(setup, first)) {
		*ret_ports = strdup("all");
		return 1;
	}
	out = open_memstream(ret_ports, &size);
	if (!out)
		return 0;
	for (; i < setup->count && !is_all(setup, i) && same_item(service, &setup->services[i]);
	     i++) {
		fprintf(out, "%s%u", i > first ? "," : "", setup->services[i].first);
		if (setup->services[i].last != setup->services[i].first)
			fprintf(out, "-%u", setup->services[i].last);
	}
	fclose(out);
	return i - first;
}

static int attack_print(const struct policy *policy, struct attack_words **ret_words)
{
	struct attack_words *words = calloc(1, sizeof(*words));

	*ret_words = words;
	return words ? values_print(policy_values, policy, words) : -ENOMEM;
}

static int address_print(const struct service *service, char **ret_text)
{
	char text[INET6_ADDRSTRLEN];

	if (service->any_addr)
		return 0;
	if (addr_is_v4(service->addr))
		inet_ntop(AF_INET, service->addr + 12, text, sizeof(text));
	else
		inet_ntop(AF_INET6, service->addr, text, sizeof(text));
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

/* One item; common is what the file says above the services. */
static int item_print(const struct service *service, const struct policy *common,
		      struct service_words *words)
{
	const struct policy *policy = &service->policy;
	int err = address_print(service, &words->address);

	if (!err && policy->mode != common->mode) {
		words->mode = strdup(mode_words.words[policy->mode]);
		err = words->mode ? 0 : -ENOMEM;
	}
	words->speaks_first = strdup(yes_no_words.words[policy->speaks_first != 0]);
	if (!words->speaks_first)
		err = -ENOMEM;
	if (!err && !same_attack(policy, common))
		err = attack_print(policy, &words->attack);
	return err;
}

static int services_print(const struct setup *setup, const struct policy *common,
			  struct setup_words *words)
{
	struct service_words *item;
	unsigned int i = 0, taken = 1;
	int err = 0;

	/* One at least, because no pointer means no key, which would mean all ports. */
	words->services = calloc(setup->count + 1, sizeof(*words->services));
	if (!words->services)
		return -ENOMEM;
	while (!err && taken && i < setup->count) {
		item = &words->services[words->services_count++];
		taken = item_ports(setup, i, &item->ports);
		err = item->ports ? item_print(&setup->services[i], common, item) : -ENOMEM;
		i += taken;
	}
	return err;
}

static int file_print(const char *path, struct list_words **ret_words)
{
	if (!path)
		return 0;
	*ret_words = calloc(1, sizeof(**ret_words));
	if (*ret_words)
		(*ret_words)->file = strdup(path);
	return *ret_words && (*ret_words)->file ? 0 : -ENOMEM;
}

/* A limit of no rate has no burst. */
static void bursts_drop(struct limits_words *words, const struct settings *settings)
{
	struct limit_words *const limits[] = {&words->synack, &words->live_syn, &words->new_conn,
					      &words->bad_ack};
	const __u32 rates[] = {settings->synack.rate, settings->live_syn.rate,
			       settings->new_conn.rate, settings->bad_ack.rate};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		if (rates[i])
			continue;
		free(limits[i]->burst);
		limits[i]->burst = NULL;
	}
}

/*
 * What most services share is said once: the thresholds of the last one, the one of all ports.  If
 * it has none, which only mode always may, its mode need not be the one that stands with them.
 */
static struct policy common_policy(const struct setup *setup)
{
	struct policy policy = setup_default_policy();
	const struct policy *last;

	if (setup->count) {
		last = &setup->services[setup->count - 1].policy;
		if (last->syn_rate_on || last->unfinished_on)
			policy = *last;
	}
	policy.mode = setup->settings.mode;
	return policy;
}

static int words_print(const struct setup *setup, struct setup_words *words)
{
	const struct policy common = common_policy(setup);
	int err;

	words->mode = strdup(mode_words.words[common.mode]);
	words->xdp = strdup(xdp_words.words[setup->xdp]);
	err = words->mode && words->xdp ? values_print(setup_values, setup, words) : -ENOMEM;
	if (!err)
		err = values_print(policy_values, &common, &words->attack);
	bursts_drop(&words->limits, &setup->settings);
	if (!err && setup->key_file) {
		words->keys.file = strdup(setup->key_file);
		err = words->keys.file ? 0 : -ENOMEM;
	}
	if (!err)
		err = file_print(setup->allow_file, &words->allow);
	if (!err)
		err = file_print(setup->deny_file, &words->deny);
	return err ? err : services_print(setup, &common, words);
}

char *setup_config_print(const struct setup *setup)
{
	static const cyaml_config_t config = {.mem_fn = cyaml_mem, .flags = CYAML_CFG_STYLE_BLOCK};
	struct setup_words *words = calloc(1, sizeof(*words));
	char *data = NULL, *text = NULL;
	size_t length;

	if (words && !words_print(setup, words) &&
	    cyaml_save_data(&data, &length, &config, &setup_schema, words, 0) == CYAML_OK)
		text = strndup(data, length);
	cyaml_mem(NULL, data, 0);
	if (words)
		cyaml_free(&config, &setup_schema, words, 0);
	return text;
}
