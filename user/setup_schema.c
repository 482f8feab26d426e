// SPDX-License-Identifier: GPL-2.0
/* The schema of the configuration file: which keys there are, and where. */
#include "setup_words.h"

#define TEXT(key, structure, member)                                                             \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, structure, member, \
			       0, CYAML_UNLIMITED)
#define KEYS(key, structure, member, fields) \
	CYAML_FIELD_MAPPING(key, CYAML_FLAG_OPTIONAL, structure, member, fields)
#define KEYS_PTR(key, structure, member, fields)                                                  \
	CYAML_FIELD_MAPPING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, structure, member, \
				fields)

static const cyaml_schema_field_t pair_fields[] = {
    TEXT("on", struct pair_words, on),
    TEXT("off", struct pair_words, off),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t attack_fields[] = {
    KEYS("syn_rate", struct attack_words, syn_rate, pair_fields),
    KEYS("unfinished", struct attack_words, unfinished, pair_fields),
    TEXT("hold", struct attack_words, hold),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t limit_fields[] = {
    TEXT("rate", struct limit_words, rate),
    TEXT("burst", struct limit_words, burst),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t limits_fields[] = {
    KEYS("synack_per_prefix", struct limits_words, synack, limit_fields),
    KEYS("syn_to_live", struct limits_words, live_syn, limit_fields),
    KEYS("new_connections", struct limits_words, new_conn, limit_fields),
    KEYS("bad_acks", struct limits_words, bad_ack, limit_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t timeouts_fields[] = {
    TEXT("syn_sent", struct timeouts_words, syn_sent),
    TEXT("syn_recv", struct timeouts_words, syn_recv),
    TEXT("established", struct timeouts_words, established),
    TEXT("fin_wait", struct timeouts_words, fin_wait),
    TEXT("close_wait", struct timeouts_words, close_wait),
    TEXT("last_ack", struct timeouts_words, last_ack),
    TEXT("time_wait", struct timeouts_words, time_wait),
    TEXT("close", struct timeouts_words, close),
    TEXT("unacknowledged", struct timeouts_words, unacknowledged),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t keys_fields[] = {
    TEXT("rotate", struct keys_words, rotate),
    TEXT("file", struct keys_words, file),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t proven_fields[] = {
    TEXT("for", struct proven_words, lasts),
    TEXT("credit", struct proven_words, credit),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t resend_fields[] = {
    TEXT("times", struct resend_words, times),
    TEXT("after", struct resend_words, after),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t list_fields[] = {
    TEXT("file", struct list_words, file),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t service_fields[] = {
    TEXT("ports", struct service_words, ports),
    TEXT("address", struct service_words, address),
    TEXT("mode", struct service_words, mode),
    TEXT("speaks_first", struct service_words, speaks_first),
    KEYS_PTR("attack", struct service_words, attack, attack_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t service_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct service_words, service_fields),
};

static const cyaml_schema_field_t setup_fields[] = {
    TEXT("mode", struct setup_words, mode),
    TEXT("xdp", struct setup_words, xdp),
    TEXT("max_connections", struct setup_words, max_connections),
    KEYS("attack", struct setup_words, attack, attack_fields),
    CYAML_FIELD_SEQUENCE("services", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct setup_words,
			 services, &service_schema, 0, CYAML_UNLIMITED),
    KEYS("proven", struct setup_words, proven, proven_fields),
    KEYS("limits", struct setup_words, limits, limits_fields),
    KEYS("resend", struct setup_words, resend, resend_fields),
    KEYS("timeouts", struct setup_words, timeouts, timeouts_fields),
    KEYS("keys", struct setup_words, keys, keys_fields),
    KEYS_PTR("allow", struct setup_words, allow, list_fields),
    KEYS_PTR("deny", struct setup_words, deny, list_fields),
    CYAML_FIELD_END,
};

const cyaml_schema_value_t setup_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct setup_words, setup_fields),
};
