// SPDX-License-Identifier: GPL-2.0
/*
 * Orders to the sweeper, which rotates the ring: a new key, and how often it makes one by itself.
 * The ring is mapped into memory, so that an order is stored as one word after what belongs to it.
 * Every copy of a key here is erased after use.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "jiffies.h"
#include "keyfile.h"
#include "keyring.h"
#include "keys.h"
#include "maps.h"
#include "random.h"

/* The sweeper looks each 50 ms. */
enum { ORDER_WAIT_MS = 2000, ORDER_STEP_MS = 10 };

/* The ring, mapped into memory, and what one must know to read it. */
struct live {
	struct keys *ring;
	size_t size; /* of the mapping */
	struct config config;
	__u64 jiffies;
};

static void live_close(const struct live *live)
{
	munmap(live->ring, live->size);
}

static int live_open(const char *dir, struct live *ret_live)
{
	__u32 id, size;
	int fd, err = map_load(dir, "config", &ret_live->config, sizeof(ret_live->config));

	if (!err)
		err = jiffies_read(&ret_live->jiffies);
	if (err)
		return err;
	fd = map_open(dir, "keys");
	if (fd < 0)
		return fd;
	err = map_identify(fd, &id, &size);
	if (!err && size != sizeof(struct keys))
		err = -EPROTO;
	ret_live->size = (size_t)sysconf(_SC_PAGESIZE);
	if (!err) {
		ret_live->ring =
		    mmap(NULL, ret_live->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (ret_live->ring == MAP_FAILED)
			err = -errno;
	}
	close(fd);
	return err;
}

/* A whole order, the word last. */
struct order {
	__u64 from;
	__u64 clock;
	__u8 key[16];
	__u8 ratchet[16];
};

static void order_store(struct keys *ring, const struct order *order)
{
	ring->next_clock = order->clock;
	memcpy(ring->next_key, order->key, sizeof(ring->next_key));
	memcpy(ring->next_ratchet, order->ratchet, sizeof(ring->next_ratchet));
	__atomic_store_n(&ring->order, order->from, __ATOMIC_SEQ_CST);
}

/* 1 if there was one that the sweeper had not taken. */
static int order_withdraw(struct keys *ring)
{
	if (!__atomic_exchange_n(&ring->order, 0, __ATOMIC_SEQ_CST))
		return 0;
	explicit_bzero(ring->next_key, sizeof(ring->next_key));
	explicit_bzero(ring->next_ratchet, sizeof(ring->next_ratchet));
	return 1;
}

static int order_carry_out(struct keys *ring, const struct order *order, struct error *error)
{
	const struct timespec step = {.tv_nsec = ORDER_STEP_MS * 1000000L};
	const __u64 turns = __atomic_load_n(&ring->turns, __ATOMIC_SEQ_CST);
	int waited_ms;

	order_store(ring, order);
	/* Last of what the sweeper does: .order goes to 0 before the key is in its slot. */
	for (waited_ms = 0; waited_ms < ORDER_WAIT_MS; waited_ms += ORDER_STEP_MS) {
		if (!__atomic_load_n(&ring->order, __ATOMIC_SEQ_CST) &&
		    __atomic_load_n(&ring->turns, __ATOMIC_SEQ_CST) != turns)
			return 0;
		nanosleep(&step, NULL);
	}
	if (!order_withdraw(ring))
		return 0;
	return error_set(
	    error, -ETIMEDOUT,
	    "the kernel's timer that rotates did not take the new key in %d s, so the old"
	    " one stays; detach and attach again",
	    ORDER_WAIT_MS / 1000);
}

static int wait_check(const struct live *live, struct error *error)
{
	struct keys_status status;

	keys_status_at(live->ring, &live->config, live->jiffies, &status);
	if (!status.wait_s)
		return 0;
	return error_set(
	    error, -EAGAIN,
	    "handshakes in flight still need the key before the present one; try again in"
	    " %u s",
	    status.wait_s);
}

static int shared_refuse(struct error *error)
{
	return error_set(
	    error, -EINVAL,
	    "nothing was changed: its key comes from a file that other machines have, too, and"
	    " they must change it together, by hand or from cron: make a new one (synguard key"
	    " new FILE --replace), copy it to each, and there within two minutes:"
	    " synguard key rotate --file FILE");
}

static int source_check(const struct live *live, const char *path, const struct keyfile *file,
			struct error *error)
{
	if (!file && live->ring->shared)
		return shared_refuse(error);
	if (file && !live->ring->shared)
		return error_set(error, -EINVAL,
				 "it has keys of its own, not from a file, and nothing was changed;"
				 " detach it, and attach it with the key file");
	if (file && file->epoch_mask != live->ring->epoch_mask)
		return error_set(
		    error, -EINVAL,
		    "%s was not made from the file whose key is in use: its last 16 digits,"
		    " which say which key a cookie has, must stay; make the next one with:"
		    " synguard key new FILE --replace",
		    path);
	return 0;
}

static int order_make(const struct live *live, const struct keyfile *file, struct order *ret_order)
{
	const __u32 hz = live->config.hz;
	struct keys clocked = {.clock = live->ring->clock};
	int err = random_fill(ret_order->key, sizeof(ret_order->key));

	if (!err)
		err = random_fill(ret_order->ratchet, sizeof(ret_order->ratchet));
	if (file) {
		clocked.clock =
		    keys_clock_choose(clocked.clock, keys_clock_now(hz, live->jiffies), hz);
		memcpy(ret_order->key, file->key, sizeof(ret_order->key));
	}
	ret_order->clock = clocked.clock;
	ret_order->from = KEYS_SOON;
	if (file)
		ret_order->from =
		    keys_shared_from(cookie_epoch_now(&clocked, &live->config, live->jiffies));
	return err;
}

/* Do epochs go on counting as they did? */
static bool is_renumbered(const struct live *live, __u64 clock)
{
	const struct keys clocked = {.clock = clock};

	return cookie_epoch_now(&clocked, &live->config, live->jiffies) !=
	       cookie_epoch_now(live->ring, &live->config, live->jiffies);
}

static int live_rotate(struct live *live, const struct keyfile *file,
		       struct keys_change *ret_change, struct error *error)
{
	struct keys_status status;
	struct order order;
	int err = order_make(live, file, &order);

	if (err)
		error_set(error, err, "cannot get random numbers: %s", strerror(-err));
	ret_change->renumbered = !err && is_renumbered(live, order.clock);
	/* The sweeper keeps the ring as it is where nothing would change. */
	ret_change->same =
	    file && order.clock == live->ring->clock && keys_same_source(live->ring, file);
	if (!err && !ret_change->same)
		err = wait_check(live, error);
	if (!err && !ret_change->same)
		err = order_carry_out(live->ring, &order, error);
	explicit_bzero(&order, sizeof(order));
	if (!err)
		err = jiffies_read(&live->jiffies);
	if (err)
		return err;
	keys_status_at(live->ring, &live->config, live->jiffies, &status);
	ret_change->serves_in_s = status.serves_in_s;
	return 0;
}

static int unreadable(int err, struct error *error)
{
	return error_set(error, err, "cannot read its maps: %s", strerror(-err));
}

int keys_rotate(const char *dir, const char *key_file, struct keys_change *ret_change,
		struct error *error)
{
	struct keyfile file;
	struct live live;
	int err = key_file ? keyfile_read(key_file, &file, error) : 0;

	if (err)
		return err;
	err = live_open(dir, &live);
	if (err) {
		unreadable(err, error);
	} else {
		order_withdraw(live.ring); /* of a loader that was killed */
		err = source_check(&live, key_file, key_file ? &file : NULL, error);
		if (!err)
			err = live_rotate(&live, key_file ? &file : NULL, ret_change, error);
		live_close(&live);
	}
	explicit_bzero(&file, sizeof(file));
	return err;
}

int keys_source_check(const char *dir, const char *key_file, struct error *error)
{
	struct keyfile file;
	struct live live;
	int err = key_file ? keyfile_read(key_file, &file, error) : 0;

	if (err)
		return err;
	err = live_open(dir, &live);
	if (err) {
		unreadable(err, error);
	} else {
		err = source_check(&live, key_file, key_file ? &file : NULL, error);
		live_close(&live);
	}
	explicit_bzero(&file, sizeof(file));
	return err;
}

/* Where config show and the next reload read what is in force. */
static int period_note(const char *dir, __u32 seconds)
{
	struct notes *notes = calloc(1, sizeof(*notes));
	struct runtime runtime;
	int fd = map_open(dir, "notes"), err = map_load(dir, "runtime", &runtime, sizeof(runtime));
	const __u32 bank = err ? 0 : runtime.bank & (BANKS - 1);

	if (!notes)
		err = -ENOMEM;
	if (!err)
		err = fd < 0 ? fd : bpf_map_lookup_elem(fd, &bank, notes);
	if (!err) {
		notes->rotate_s = seconds;
		err = bpf_map_update_elem(fd, &bank, notes, BPF_ANY);
	}
	if (fd >= 0)
		close(fd);
	free(notes);
	return err;
}

int keys_every(const char *dir, __u32 seconds, struct error *error)
{
	struct live live;
	int err = live_open(dir, &live);

	if (err)
		return unreadable(err, error);
	if (seconds && live.ring->shared)
		err = shared_refuse(error);
	else if ((err = period_note(dir, seconds)))
		error_set(error, err,
			  "cannot note how often in its maps, so nothing was changed: %s",
			  strerror(-err));
	else
		__atomic_store_n(&live.ring->period, (__u64)seconds * live.config.hz,
				 __ATOMIC_SEQ_CST);
	live_close(&live);
	return err;
}

int keys_status(const char *dir, struct keys_status *ret_status)
{
	struct config config;
	struct keys ring;
	__u64 jiffies;
	int err = map_load(dir, "config", &config, sizeof(config));

	if (!err)
		err = map_load(dir, "keys", &ring, sizeof(ring));
	if (!err)
		err = jiffies_read(&jiffies);
	if (!err)
		keys_status_at(&ring, &config, jiffies, ret_status);
	explicit_bzero(&ring, sizeof(ring));
	return err;
}
