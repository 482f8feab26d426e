// SPDX-License-Identifier: GPL-2.0
/* synguard explain: what would happen now to a packet, and why. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "access.h"
#include "cli.h"
#include "explain_words.h"
#include "names.h"
#include "output.h"
#include "reason_table.h"

static int refuse(const char *name, const char *why)
{
	fprintf(stderr, "synguard: cannot explain %s: %s\n", name, why);
	return EXIT_FAILED;
}

static int endpoint_take(const char *text, __u8 addr[16], __u16 *port, __u8 *is_v6)
{
	if (!explain_endpoint_parse(text, addr, port, is_v6))
		return EXIT_OK;
	return cli_refuse("explain",
			  "'%.80s' is no address with a port, as 192.0.2.1:80 or [2001:db8::1]:80",
			  text);
}

static int request_parse(const struct args *args, struct explain_request *ret_request)
{
	struct explain_request r = {.flags = TCP_SYN};
	__u8 server_v6 = 0;
	int code = endpoint_take(args->client, r.key.remote, &r.key.remote_port, &r.is_v6);

	if (!code)
		code = endpoint_take(args->server, r.key.local, &r.key.local_port, &server_v6);
	if (code)
		return code;
	if (server_v6 != r.is_v6)
		return cli_refuse("explain", "one address is IPv4 and the other IPv6");
	if (args->flags && explain_flags_parse(args->flags, &r.flags))
		return cli_refuse("explain",
				  "--flags '%.80s' is not one or more of SYN, ACK, FIN, RST, PSH,"
				  " URG, ECE, CWR with | or , between",
				  args->flags);
	*ret_request = r;
	return EXIT_OK;
}

/* "eth0, eth1": the first ones, if there are very many. */
static void live_list(const struct names *names, struct instance *ret_live, unsigned int *ret_count,
		      char *ret_list, size_t size)
{
	struct instance instance;
	size_t used = 0;
	unsigned int i;

	*ret_count = 0;
	*ret_list = '\0';
	for (i = 0; i < names->count; i++) {
		instance_read(names->name[i], &instance);
		if (instance.state != INSTANCE_LIVE)
			continue;
		*ret_live = instance;
		if (used < size)
			used += (size_t)snprintf(ret_list + used, size - used, "%s%s",
						 *ret_count ? ", " : "", names->name[i]);
		(*ret_count)++;
	}
}

static int instance_only(struct instance *ret_instance)
{
	unsigned int count;
	struct names names;
	char list[256];

	names_list(NULL, &names);
	live_list(&names, ret_instance, &count, list, sizeof(list));
	if (count == 1)
		return EXIT_OK;
	if (!count)
		return refuse("it", "nothing is attached; to protect an interface: synguard attach"
				    " IFACE");
	return cli_refuse("explain", "which interface? Attached are %s", list);
}

static int instance_named(const char *name, struct instance *ret_instance)
{
	char why[128];

	instance_read(name, ret_instance);
	if (ret_instance->state == INSTANCE_LIVE)
		return EXIT_OK;
	if (ret_instance->state != INSTANCE_NONE)
		snprintf(why, sizeof(why), "it is not protected now; see: synguard status %.20s",
			 name);
	else if (if_nametoindex(name))
		snprintf(why, sizeof(why), "it is not attached; attach it: synguard attach %.20s",
			 name);
	else
		snprintf(why, sizeof(why),
			 "there is no such interface in this network namespace;"
			 " list them with: ip link");
	return refuse(name, why);
}

static const char *verdict_text(const struct explanation *e)
{
	if (e->verdict == XDP_TX)
		return "answered by the driver";
	return e->verdict == XDP_DROP ? "dropped in silence" : "passes to the kernel";
}

/* What mode auto would have made of it. */
static void monitor_print(const struct explanation *e)
{
	if (!explanation_enforced(e))
		printf("  %-15s it would be %s\n", "but for monitor",
		       strcmp(reason_table[e->reason].verdict, "TX") ? "dropped" : "answered");
}

static void explanation_print(const struct explanation *e, const char *iface)
{
	char client[EXPLAIN_ADDRESS_MAX], server[EXPLAIN_ADDRESS_MAX], flags[EXPLAIN_ADDRESS_MAX];
	struct explain_facts facts;
	char advice[320];
	unsigned int i;

	explain_endpoint_print(e->request.key.remote, e->request.key.remote_port, client);
	explain_endpoint_print(e->request.key.local, e->request.key.local_port, server);
	explain_flags_print(e->request.flags, flags);
	printf("%s: %s from %s to %s (nothing was sent)\n", iface, flags, client, server);
	printf("  %-15s %s\n", "verdict", verdict_text(e));
	printf("  %-15s %s: %s\n", "reason", reason_table[e->reason].name,
	       reason_table[e->reason].text);
	monitor_print(e);
	explain_facts_collect(e, &facts);
	for (i = 0; i < facts.count; i++)
		printf("  %-15s %s\n", facts.of[i].name, facts.of[i].text);
	explain_advice(e, iface, advice, sizeof(advice));
	if (*advice)
		printf("  %-15s %s\n", "do", advice);
}

int cmd_explain(const struct args *args)
{
	struct explain_request request;
	struct explanation e;
	struct instance instance;
	struct error error;
	int code = request_parse(args, &request);

	if (code)
		return code;
	if (access_check(&error))
		return refuse("it", error.text);
	code = args->iface ? instance_named(args->iface, &instance) : instance_only(&instance);
	if (code)
		return code;
	if (explain_run(&instance, &request, &e, &error))
		return refuse(instance.name, error.text);
	if (e.reason >= REASON_MAX)
		return refuse(instance.name, "the program gave no reason");
	if (args->json)
		return output_json(explain_json(&e, instance.name), JSON_PRETTY) ? EXIT_FAILED
										 : EXIT_OK;
	explanation_print(&e, instance.name);
	return EXIT_OK;
}
