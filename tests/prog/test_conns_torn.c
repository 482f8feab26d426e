// SPDX-License-Identifier: GPL-2.0
/* Reading the table of connections while another CPU writes it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "conns.h"

enum { CONTENDED_READS = 50000 };

/* One slot that two connections take turns in, as fast as another thread can. */
struct contended {
	int fd;
	struct conn *slot;
	int stop;
};

static void head_store(struct conn *slot, struct conn_head head)
{
	__u32 word;

	memcpy(&word, &head, sizeof(word));
	__atomic_store_n((__u32 *)(void *)&slot->head, word, __ATOMIC_RELEASE);
}

/* Freed, claimed, filled, completed: the order in which the programs do it. */
static void *slot_churn(void *context)
{
	const struct conn_head claimed = {.state = SYN_RECV};
	struct contended *c = context;
	__u32 turn;

	for (turn = 0; !__atomic_load_n(&c->stop, __ATOMIC_RELAXED); turn++) {
		head_store(c->slot, (struct conn_head){0});
		head_store(c->slot, claimed);
		memset(&c->slot->key, turn & 1 ? 0xaa : 0xbb, sizeof(c->slot->key));
		head_store(c->slot, (struct conn_head){.state = turn & 1 ? ESTABLISHED : TIME_WAIT,
						       .kind = KIND_COOKIE});
	}
	return NULL;
}

/* A mixture would show a connection that never was. */
static int visit_unmixed(const struct conn_row *row, void *context)
{
	const __u8 fill = row->conn.head.state == ESTABLISHED ? 0xaa : 0xbb;
	const __u8 *key = (const __u8 *)&row->conn.key;
	size_t i;

	for (i = 0; i < sizeof(row->conn.key); i++)
		assert_int_equal(key[i], fill);
	++*(__u32 *)context;
	return 0;
}

static void a_slot_that_changes_hands_is_never_mixed(void **state)
{
	LIBBPF_OPTS(bpf_map_create_opts, mapped, .map_flags = BPF_F_MMAPABLE);
	struct contended c = {0};
	int halfopen = bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "halfopen", sizeof(struct conn_key),
				      sizeof(struct conn), 16, NULL);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	__u32 seen = 0, i;
	pthread_t thread;

	(void)state;
	c.fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "conns", sizeof(__u32), sizeof(struct conn), 1,
			      &mapped);
	assert_true(c.fd >= 0 && halfopen >= 0);
	c.slot = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, c.fd, 0);
	assert_true(c.slot != MAP_FAILED);
	assert_int_equal(pthread_create(&thread, NULL, slot_churn, &c), 0);
	for (i = 0; i < CONTENDED_READS; i++)
		assert_int_equal(conns_each(c.fd, halfopen, visit_unmixed, &seen), 0);
	__atomic_store_n(&c.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	printf("# seen in %u of %u readings\n", seen, i);
	assert_true(seen > 0);
	munmap(c.slot, page);
	close(c.fd);
	close(halfopen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_slot_that_changes_hands_is_never_mixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
