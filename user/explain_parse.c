// SPDX-License-Identifier: GPL-2.0
/* The words of synguard explain: addresses with ports, and TCP flags. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "addr.h"
#include "explain.h"
#include "text.h"

static const char *const flag_names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};

enum { FLAGS = sizeof(flag_names) / sizeof(flag_names[0]) };

static int port_parse(const char *text, __u16 *ret_port)
{
	char *end;
	long port;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	port = strtol(text, &end, 10);
	if (*end || port < 1 || port > 65535)
		return -EINVAL;
	*ret_port = (__u16)port;
	return 0;
}

static int v4_parse(const char *text, __u8 ret_addr[16])
{
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) != 1)
		return -EINVAL;
	addr_from_v4(ret_addr, v4.s_addr);
	return 0;
}

/* No v4-mapped ones: no such packet exists. */
static int v6_parse(const char *text, __u8 ret_addr[16])
{
	struct in6_addr v6;

	if (inet_pton(AF_INET6, text, &v6) != 1 || IN6_IS_ADDR_V4MAPPED(&v6))
		return -EINVAL;
	memcpy(ret_addr, &v6, sizeof(v6));
	return 0;
}

int explain_endpoint_parse(const char *text, __u8 ret_addr[16], __u16 *ret_port, __u8 *ret_is_v6)
{
	const char *colon = strrchr(text, ':'), *start = text;
	char host[EXPLAIN_ADDRESS_MAX];
	size_t length = colon ? (size_t)(colon - text) : 0;
	__u8 is_v6 = *text == '[', addr[16];
	__u16 port;

	if (is_v6) {
		if (length < 2 || colon[-1] != ']')
			return -EINVAL;
		start++;
		length -= 2;
	}
	if (!length || length >= sizeof(host))
		return -EINVAL;
	memcpy(host, start, length);
	host[length] = '\0';
	if (port_parse(colon + 1, &port) || (is_v6 ? v6_parse(host, addr) : v4_parse(host, addr)))
		return -EINVAL;
	memcpy(ret_addr, addr, sizeof(addr));
	*ret_port = port;
	*ret_is_v6 = is_v6;
	return 0;
}

void explain_endpoint_print(const __u8 addr[16], __u16 port, char ret_text[EXPLAIN_ADDRESS_MAX])
{
	struct text text = {.data = ret_text, .size = EXPLAIN_ADDRESS_MAX - 1};

	text_endpoint(&text, addr, port);
	ret_text[text.used] = '\0';
}

static __u8 flag_find(const char *word)
{
	int i;

	for (i = 0; i < FLAGS; i++)
		if (!strcasecmp(word, flag_names[i]))
			return (__u8)(1U << i);
	return 0;
}

int explain_flags_parse(const char *text, __u8 *ret_flags)
{
	char *copy = strdup(text), *rest = copy, *word;
	__u8 flag, flags = 0;
	int err = copy ? 0 : -ENOMEM;

	while (!err && (word = strsep(&rest, "|,"))) {
		flag = flag_find(word);
		flags |= flag;
		err = flag ? 0 : -EINVAL;
	}
	free(copy);
	if (!err)
		*ret_flags = flags == TCP_FIN ? TCP_FIN | TCP_ACK : flags;
	return err;
}

void explain_flags_print(__u8 flags, char ret_text[EXPLAIN_ADDRESS_MAX])
{
	/* As people say them: SYN before the rest, ACK last. */
	static const __u8 order[FLAGS] = {TCP_SYN, TCP_FIN, TCP_RST, TCP_PSH,
					  TCP_URG, TCP_ECE, TCP_CWR, TCP_ACK};
	size_t used = 0;
	int i;

	ret_text[0] = '\0';
	for (i = 0; i < FLAGS; i++)
		if (flags & order[i])
			used +=
			    (size_t)snprintf(ret_text + used, EXPLAIN_ADDRESS_MAX - used, "%s%s",
					     used ? "|" : "", flag_names[__builtin_ctz(order[i])]);
}
