/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ring of the two cookie keys: which serves in an epoch, how a new one takes the place of the
 * older, where new ones come from.  Pure: the ring, the clock and the layout come as arguments.
 *
 * A rotation overwrites the slot of the older key, so it must wait until nobody needs that any
 * more: EPOCHS_VALID epochs after the newer one began to serve, when the last of the older one's
 * cookies has expired.  The new key begins with an epoch that is still to come, and one word says
 * so.  Whenever a reader reads that word, it finds the right key for each epoch whose cookies are
 * valid, so handshakes in flight survive every rotation.
 *
 * One writer: the sweeper, from the kernel's timer (bpf/sweep.h).  It is not put off for an epoch
 * between reading the clock and storing the word, as a process may be.
 */
#ifndef SYNGUARD_KEYRING_H
#define SYNGUARD_KEYRING_H

#include "abi.h"
#include "siphash.h"

/*
 * With a shared key, orders begin with multiples of so many epochs, about two minutes, and at least
 * two ahead: so machines that get them shortly after each other begin together.
 */
enum { KEYS_SHARED_EPOCHS = 4, KEYS_SHARED_AHEAD = 2, KEYS_SOON = 1 };

INLINE __u64 keys_word(const __u64 *word)
{
	return *(const volatile __u64 *)word;
}

/* The first epoch of the newer key. */
INLINE __u64 keys_since(const struct keys *ring)
{
	return keys_word(&ring->turn) >> 1;
}

/* The ring's key for cookies of an epoch. */
INLINE const __u8 *keys_of_epoch(const struct keys *ring, __u64 epoch)
{
	const __u64 turn = keys_word(&ring->turn);

	return ring->slot[(turn ^ (epoch < turn >> 1)) & 1];
}

/*
 * The clock that epochs and ticks are counted by.  Jiffies begin at boot; where machines share a
 * key, ring->clock makes them agree.  It is computed when the key is taken and not looked up again,
 * so that a jump of the wall clock changes nothing.
 */
INLINE __u64 keys_clock(const struct keys *ring, __u64 jiffies)
{
	return jiffies + ring->clock;
}

INLINE __u64 cookie_epoch_now(const struct keys *ring, const struct config *cfg, __u64 jiffies)
{
	return keys_clock(ring, jiffies) >> (cfg->epoch_shift & 63);
}

/* The cookie's clock, low bits. */
INLINE __u32 cookie_tick_now(const struct keys *ring, const struct config *cfg, __u64 jiffies)
{
	return (__u32)(keys_clock(ring, jiffies) >> (cfg->tick_shift & 63));
}

/* Epochs until the ring may be rotated; 0: now. */
INLINE __u64 keys_wait(const struct keys *ring, __u64 epoch)
{
	const __u64 since = keys_since(ring), free = since ? since + EPOCHS_VALID : 0;

	return epoch >= free ? 0 : free - epoch;
}

/* The epoch with which an order begins that is given in this one, for a shared key. */
INLINE __u64 keys_shared_from(__u64 epoch)
{
	const __u64 n = KEYS_SHARED_EPOCHS;

	return (epoch + KEYS_SHARED_AHEAD + n - 1) / n * n;
}

/* A barrier before and after, on every architecture, which a plain store is not. */
INLINE void keys_publish(__u64 *word, __u64 value)
{
	__sync_lock_test_and_set(word, value);
}

/*
 * The key serves from epoch from on, or from the one after epoch if that is later.  0, or -1 if
 * keys_wait() is not 0, and then nothing has changed.
 */
INLINE int keys_turn(struct keys *ring, const __u8 key[16], __u64 epoch, __u64 from)
{
	const __u64 slot = ~keys_word(&ring->turn) & 1;

	if (keys_wait(ring, epoch))
		return -1;
	__builtin_memcpy(ring->slot[slot & 1], key, 16);
	keys_publish(&ring->turn, (from > epoch ? from : epoch + 1) << 1 | slot);
	ring->turns++;
	return 0;
}

INLINE __u64 ratchet_word(const __u64 secret[2], __u64 counter, __u64 label)
{
	struct siphash s;

	siphash_init(&s, secret);
	siphash_word(&s, counter);
	return siphash_finish(&s, label | 9ULL << 56);
}

/*
 * The next key, and the secret for the one after it, out of the present secret: four outputs of
 * SipHash-2-4 as a PRF.  Who gets to know the secret learns the keys to come, but none that was:
 * the way back would be to invert the PRF.  It stands in for getrandom(2), which the timer cannot
 * call; bpf_get_prandom_u32() will not do, as its state can be had from its outputs.
 */
INLINE void keys_ratchet(struct keys *ring, __u8 ret_key[16])
{
	__u64 secret[2], key[2], next[2];

	__builtin_memcpy(secret, ring->ratchet, sizeof(secret));
	key[0] = ratchet_word(secret, ring->turns, 0);
	key[1] = ratchet_word(secret, ring->turns, 1);
	next[0] = ratchet_word(secret, ring->turns, 2);
	next[1] = ratchet_word(secret, ring->turns, 3);
	__builtin_memcpy(ring->ratchet, next, sizeof(next));
	__builtin_memcpy(ret_key, key, sizeof(key));
}

/*
 * Another clock counts the epochs from now on.  The newer key serves in all of them; the older one
 * is not needed, or keys_wait() would not be 0.
 */
INLINE void keys_clock_set(struct keys *ring, __u64 clock)
{
	keys_publish(&ring->turn, keys_word(&ring->turn) & 1);
	ring->clock = clock;
}

/* What the loader has ordered.  1 if the key was taken. */
INLINE int keys_take(struct keys *ring, const struct config *cfg, __u64 jiffies)
{
	const __u64 from = keys_word(&ring->order);

	if (!from || keys_wait(ring, cookie_epoch_now(ring, cfg, jiffies)))
		return 0;
	/* The loader may have withdrawn it; what belongs to it is read after this. */
	if (!__sync_lock_test_and_set(&ring->order, 0))
		return 0;
	if (ring->next_clock != ring->clock)
		keys_clock_set(ring, ring->next_clock);
	keys_turn(ring, ring->next_key, cookie_epoch_now(ring, cfg, jiffies), from);
	__builtin_memcpy(ring->ratchet, ring->next_ratchet, sizeof(ring->ratchet));
	__builtin_memset(ring->next_key, 0, sizeof(ring->next_key));
	__builtin_memset(ring->next_ratchet, 0, sizeof(ring->next_ratchet));
	ring->turned_at = jiffies;
	return 1;
}

/* Rotates if an order or the period says so.  1 if it did.  To be called often, by one at a time. */
INLINE int keys_tick(struct keys *ring, const struct config *cfg, __u64 jiffies)
{
	const __u64 epoch = cookie_epoch_now(ring, cfg, jiffies);
	const __u64 period = keys_word(&ring->period);
	__u8 key[16] __attribute__((aligned(8)));

	if (keys_take(ring, cfg, jiffies))
		return 1;
	if (!period || jiffies - ring->turned_at < period || keys_wait(ring, epoch))
		return 0;
	keys_ratchet(ring, key);
	keys_turn(ring, key, epoch, 0);
	ring->turned_at = jiffies;
	return 1;
}

#endif
