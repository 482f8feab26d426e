// SPDX-License-Identifier: GPL-2.0
/*
 * The same bytes through the parsers as gcc builds them for the host and as clang builds them for
 * BPF: what both find must be the same, byte for byte of the structs.  The corpus: good frames of
 * every shape, each cut at every byte, and mutations from a seed that is printed.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bed.h"
#include "../bench/parity.h"

enum { MUTATIONS = 20000, FRAME_LEAST = 14 /* BPF_PROG_TEST_RUN takes no less */ };

static int prog, map;
static unsigned int compared;

static int setup(void **state)
{
	char path[PATH_MAX + 32] = "";
	struct bpf_object *obj;

	*state = NULL;
	if (readlink("/proc/self/exe", path, PATH_MAX) < 0)
		return -1;
	strcat(dirname(path), "/../bench/parity.bpf.o");
	obj = bpf_object__open(path);
	if (!obj || bpf_object__load(obj)) {
		print_message("# cannot load %s: %s\n", path, strerror(errno));
		return -1;
	}
	prog = bpf_program__fd(bpf_object__find_program_by_name(obj, "parity"));
	map = bpf_object__find_map_fd_by_name(obj, "result");
	*state = obj;
	return prog >= 0 && map >= 0 ? 0 : -1;
}

static int teardown(void **state)
{
	bpf_object__close(*state);
	return 0;
}

static void bpf_says(const __u8 *bytes, unsigned int len, struct parity *ret)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = bytes, .data_size_in = len);
	const __u32 zero = 0;

	assert_int_equal(bpf_prog_test_run_opts(prog, &opts), 0);
	assert_int_equal(bpf_map_lookup_elem(map, &zero, ret), 0);
}

static void host_says(const __u8 *bytes, unsigned int len, struct parity *ret)
{
	const struct frame f = {bytes, bytes + len};

	memset(ret, 0, sizeof(*ret));
	ret->reason = (__u32)packet_parse(&f, len, &ret->packet);
	if (ret->reason != PACKET_OK)
		return;
	tcpopts_parse(&f, &ret->packet, &ret->opts);
	ret->sane = (__u32)packet_sane(&ret->packet);
}

/* Both were zeroed whole before, so padding counts, too. */
static int equal(const void *a, const void *b, size_t len)
{
	return memcmp(a, b, len) == 0;
}

static void same(const __u8 *bytes, unsigned int len)
{
	struct parity bpf, host;

	bpf_says(bytes, len, &bpf);
	host_says(bytes, len, &host);
	compared++;
	if (equal(&bpf, &host, sizeof(bpf)))
		return;
	print_message("# frame:");
	for (unsigned int i = 0; i < len; i++)
		print_message(" %02x", bytes[i]);
	fail_msg("BPF says %s, the host %s; packet %s, options %s",
		 reason_name((enum reason)bpf.reason), reason_name((enum reason)host.reason),
		 equal(&bpf.packet, &host.packet, sizeof(bpf.packet)) ? "equal" : "differs",
		 equal(&bpf.opts, &host.opts, sizeof(bpf.opts)) ? "equal" : "differ");
}

/* Shape i of the corpus; 0 behind the last. */
static unsigned int shape(unsigned int i, __u8 *out)
{
	static const __u8 exts[] = {0, 60, 43, 44};
	struct pkt p = pkt_new(i & 1, 1000, 80, PKT_SYN);
	const unsigned int kind = i >> 1;

	if (kind < 16) {
		pkt_opt_syn(&p, kind, 1460, 7, 99);
	} else if (kind < 20) {
		for (p.n_tags = 0; p.n_tags < kind - 16; p.n_tags++)
			p.tag[p.n_tags] = (struct pkt_tag){0x8100, 3};
	} else if (kind < 31) {
		p.ip_words = (__u8)(kind - 20);
		for (p.n_ext = 0; p.v6 && p.n_ext < (kind - 20) % 9; p.n_ext++)
			p.ext[p.n_ext] = (struct pkt_ext){exts[(kind + p.n_ext) % 3], 1, {0}};
	} else if (kind < 35) {
		p.frag = (__u16)((kind - 31) | 0x2000);
		p.n_ext = 1;
		p.ext[0] = (struct pkt_ext){44, 1, {0, (__u8)((kind - 31) * 8 + 1)}};
	} else if (kind < 40) {
		p.flags = PKT_ACK;
		pkt_opt(&p, "\1\1", 2);
		pkt_opt_ts(&p, 5, 6);
		p.payload_len = (kind - 35) * 100;
		p.reserved = (__u8)kind & 15;
	} else {
		return 0;
	}
	return pkt_build(&p, out, NULL);
}

static void every_shape_cut_at_every_byte(void **state)
{
	__u8 frame[PKT_ROOM];
	unsigned int len;

	(void)state;
	for (unsigned int i = 0; (len = shape(i, frame)); i++)
		for (unsigned int n = FRAME_LEAST; n <= len; n++)
			same(frame, n);
	assert_true(compared > 5000);
}

static void mutations(void **state)
{
	const char *given = getenv("SEED");
	const unsigned int seed = given ? (unsigned int)atoi(given) : (unsigned int)time(NULL);
	__u8 frame[PKT_ROOM], scratch[PKT_ROOM];
	unsigned int shapes = 0;

	(void)state;
	print_message("# SEED=%u\n", seed);
	srandom(seed);
	while (shape(shapes, scratch))
		shapes++;
	for (int i = 0; i < MUTATIONS; i++) {
		unsigned int len = shape(shapes ? (unsigned int)random() % shapes : 0, frame);

		for (long n = 1 + random() % 4; n; n--)
			frame[12 + (unsigned int)random() % (len - 12)] = (__u8)random();
		if (random() % 8 == 0)
			len = FRAME_LEAST + (unsigned int)random() % (len - FRAME_LEAST + 1);
		same(frame, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_shape_cut_at_every_byte),
	    cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
