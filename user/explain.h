/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the XDP program would do now with a packet.  The program itself is asked: it is loaded once
 * more, on the same maps and as a dry run (bpf/dry.h), and given a frame like the one meant.
 */
#ifndef SYNGUARD_EXPLAIN_H
#define SYNGUARD_EXPLAIN_H

#include <jansson.h>
#include <stdbool.h>

#include "error.h"
#include "instance.h"
#include "tcpopt.h"

enum { EXPLAIN_ADDRESS_MAX = 64, EXPLAIN_FRAME_MAX = 256, EXPLAIN_FACTS_MAX = 20 };

/* Which packet: remote is its source. */
struct explain_request {
	struct conn_key key;
	__u8 is_v6;
	__u8 flags; /* enum tcp_flag */
};

/* Where its sequence and ACK numbers are from. */
enum explain_numbers { NUMBERS_RANDOM, NUMBERS_CONN, NUMBERS_HALF };

struct explain_packet {
	const struct explain_request *request;
	__u32 seq;
	__u32 ack;
};

struct explain_frame {
	__u8 bytes[EXPLAIN_FRAME_MAX];
	__u32 len;
};

/* The SYN-ACK. */
struct explain_answer {
	__u8 given; /* 1: there is one, and the rest is valid */
	__u8 ttl;
	__u8 ecn;
	__u16 window;
	struct tcpopts opts;
};

/* The service that the packet is for, and what it goes through. */
struct explain_service {
	__u32 policy_id; /* 0: not protected */
	__u32 defence_id;
	bool by_addr; /* a service of this very address */
	struct policy policy;
	struct settings settings;
	struct defence defence;
	__u64 kernel_until; /* jiffies: half-open sockets are looked up until then */
};

struct explanation {
	struct explain_request request;
	enum explain_numbers numbers;
	struct config config;
	struct runtime runtime;
	struct explain_service service;
	struct syn_facts facts; /* of a SYN that was decided upon */
	int verdict;            /* XDP_PASS, ... */
	enum reason reason;     /* what it stands for is not done in mode monitor */
	__u8 has_conn;
	__u8 has_half;
	__u8 has_listener;
	struct conn conn;
	struct conn half;
	struct listener listener;
	__u64 now;          /* jiffies */
	__u32 kernel_asked; /* as in struct dry_room */
	struct explain_answer answer;
};

/* "192.0.2.1:80" or "[2001:db8::1]:80" to 16 bytes and a port.  0 or -EINVAL. */
int explain_endpoint_parse(const char *text, __u8 ret_addr[16], __u16 *ret_port, __u8 *ret_is_v6);
void explain_endpoint_print(const __u8 addr[16], __u16 port, char ret_text[EXPLAIN_ADDRESS_MAX]);

/* "SYN|ACK" and "syn,ack"; FIN alone has the ACK that every FIN has.  0 or -EINVAL. */
int explain_flags_parse(const char *text, __u8 *ret_flags);
void explain_flags_print(__u8 flags, char ret_text[EXPLAIN_ADDRESS_MAX]);

/* The frame as the interface with this MAC address would receive it.  tsval: any number. */
void explain_frame_make(const struct explain_packet *packet, const __u8 mac[6], __u32 tsval,
			struct explain_frame *ret_frame);

/* What the frame that the program sends back says. */
void explain_answer_read(const void *frame, __u32 len, struct explain_answer *ret_answer);

/* Asks the program.  0, or -errno with the reason. */
int explain_run(const struct instance *instance, const struct explain_request *request,
		struct explanation *ret_explanation, struct error *error);

/* 0 or -errno. */
int explain_service_read(const struct instance *instance, const struct conn_key *key,
			 struct explain_service *ret_service);

/* The facts that led to the decision, in its order. */
struct explain_facts {
	unsigned int count;
	struct {
		const char *name;
		char text[200];
	} of[EXPLAIN_FACTS_MAX];
};

void explain_facts_collect(const struct explanation *e, struct explain_facts *ret_facts);

/* What to do, as a sentence; "" where there is nothing. */
void explain_advice(const struct explanation *e, const char *iface, char *ret_text, size_t size);

json_t *explain_json(const struct explanation *e, const char *iface);

#endif
