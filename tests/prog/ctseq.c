// SPDX-License-Identifier: GPL-2.0
/* The notation, and frames from it; see ctseq.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctseq.h"

static const struct {
	char letter;
	__u8 flag;
} flag_letters[] = {
    {'S', PKT_SYN}, {'F', PKT_FIN}, {'R', PKT_RST}, {'P', PKT_PSH},
    {'U', PKT_URG}, {'E', PKT_ECE}, {'W', PKT_CWR}, {'.', PKT_ACK},
};

enum { FLAG_LETTERS = sizeof(flag_letters) / sizeof(flag_letters[0]) };

static int flags_parse(const char *text, __u8 *ret_flags)
{
	unsigned int flags = 0;

	for (; strcmp(text, "0") != 0 && *text; text++) {
		unsigned int before = flags;

		for (int i = 0; i < FLAG_LETTERS; i++)
			if (flag_letters[i].letter == *text)
				flags |= flag_letters[i].flag;
		if (flags == before)
			return -1;
	}
	*ret_flags = (__u8)flags;
	return 0;
}

static int opt_parse(struct ctstep *step, const char *hex)
{
	for (; *hex; hex += 2) {
		unsigned int byte;

		if (step->opt_len == sizeof(step->opt) || sscanf(hex, "%2x", &byte) != 1 || !hex[1])
			return -1;
		step->opt[step->opt_len++] = (__u8)byte;
	}
	return step->opt_len % 4 ? -1 : 0;
}

static int number_parse(const char *text, long min, long max, long *ret_value)
{
	char *end;

	*ret_value = strtol(text, &end, 0);
	return *end || end == text || *ret_value < min || *ret_value > max ? -1 : 0;
}

static int extra_parse(struct ctstep *step, const char *word)
{
	long value;

	if (!strncmp(word, "opt=", 4))
		return opt_parse(step, word + 4);
	if (!strncmp(word, "win=", 4) && !number_parse(word + 4, 0, 65535, &value))
		step->window = (__u16)value;
	else if (!strncmp(word, "badsum=", 7) && !number_parse(word + 7, 0, 1, &value))
		step->badsum = (__u8)value;
	else if (!strncmp(word, "doff=", 5) && !number_parse(word + 5, 0, 15, &value))
		step->doff = (__u8)value;
	else if (!number_parse(word, 0, CTSEQ_LEN_MAX, &value))
		step->len = (__u16)value;
	else
		return -1;
	return 0;
}

static int step_parse(struct ctstep *step, char *text)
{
	static const long range = 1L << 32;
	char *rest, *word = strtok_r(text, " ", &rest);
	long value;

	memset(step, 0, sizeof(*step));
	step->window = 65535;
	if (!word || (strcmp(word, "o") != 0 && strcmp(word, "r") != 0))
		return -1;
	step->from = *word == 'o' ? CT_CLIENT : CT_SERVER;
	word = strtok_r(NULL, " ", &rest);
	if (!word || flags_parse(word, &step->flags))
		return -1;
	word = strtok_r(NULL, " ", &rest);
	if (!word || number_parse(word, -range, range, &value))
		return -1;
	step->seq = (__u32)value;
	word = strtok_r(NULL, " ", &rest);
	if (!word || (strcmp(word, "-") != 0 && number_parse(word, -range, range, &value)))
		return -1;
	if (strcmp(word, "-") != 0)
		step->ack = (__u32)value;
	while ((word = strtok_r(NULL, " ", &rest)))
		if (extra_parse(step, word))
			return -1;
	return 0;
}

int ctseq_parse(struct ctseq *s, const char *text, const char **ret_bad)
{
	while (*text) {
		const size_t len = strcspn(text, ";\n");
		char one[256];

		snprintf(one, sizeof(one), "%.*s", (int)len, text);
		if (len >= sizeof(one) || s->n == CTSEQ_MAX || step_parse(&s->step[s->n], one)) {
			*ret_bad = text;
			return -1;
		}
		s->n++;
		text += len;
		text += strspn(text, "; \n");
	}
	return 0;
}

void ctstep_print(const struct ctstep *step, char *out, unsigned int size)
{
	char flags[FLAG_LETTERS + 2] = "0", ack[16] = "-";
	FILE *to = fmemopen(out, size, "w");
	int n = 0;

	for (int i = 0; i < FLAG_LETTERS; i++)
		if (step->flags & flag_letters[i].flag)
			flags[n++] = flag_letters[i].letter;
	if (step->flags & PKT_ACK || step->ack)
		snprintf(ack, sizeof(ack), "%d", (int)step->ack);
	fprintf(to, "%c %s %d %s %u", step->from == CT_CLIENT ? 'o' : 'r', flags, (int)step->seq,
		ack, step->len);
	if (step->window != 65535)
		fprintf(to, " win=%u", step->window);
	if (step->opt_len)
		fprintf(to, " opt=");
	for (int i = 0; i < step->opt_len; i++)
		fprintf(to, "%02x", step->opt[i]);
	if (step->badsum)
		fprintf(to, " badsum=1");
	if (step->doff)
		fprintf(to, " doff=%u", step->doff);
	fclose(to);
}

unsigned int ctseq_frame(const struct ctseq *s, unsigned int i, __u16 client_port, __u8 *out)
{
	const struct ctstep *step = &s->step[i];
	struct pkt p = ctworld_pkt(s->v6, step->from, client_port, step->flags);
	struct pkt_at at;

	p.seq = s->isn[step->from] + step->seq;
	if (step->flags & PKT_ACK)
		p.ack = s->isn[!step->from] + step->ack;
	p.window = step->window;
	p.payload_len = step->len;
	pkt_opt(&p, step->opt, step->opt_len);
	pkt_build(&p, out, &at);
	if (step->doff)
		out[at.l4 + 12] = (__u8)(step->doff << 4);
	if (step->doff)
		pkt_fix_tcp(out, &at, s->v6);
	if (step->badsum)
		out[at.l4 + 16] ^= 0x55;
	return at.len;
}
