// SPDX-License-Identifier: GPL-2.0
/*
 * Sequences of segments through the tracker: opening, closing, SYNs on what is there already.  How
 * to read them: track_text.h.
 */
#include "track_text.h"

static const char *const opening[] = {
    /* Three segments, of which any may be lost or bear data. */
    "o S 0 - t120 SS | r S. 0 1 t60 SR | o . 1 1 t432000 ES",
    "o S 0 - SS | o S 0 - SS? | o S 0 - SS? | r S. 0 1 SR | o . 1 1 ES",
    "o S 0 - SS | r S. 0 1 SR | r S. 0 1 SR? | o . 1 1 ES | r S. 0 1 ES? | o . 1 1 ES",
    "o S 0 - SS | r S. 0 1 SR | o S 0 - SR? | r S. 0 1 SR | o . 1 1 ES",
    "o S 0 - SS | r S. 0 1 SR | o P. 1 1 +50 t300 ES | r . 1 51 t432000 ES",
    "o S 0 - SS | r S. 0 1 SR | r P. 1 1 +100 SR | o . 1 1 t300 ES | o . 1 101 t432000 ES",
    "o SEW 0 - SS | r S.E 0 1 SR | o . 1 1 ES",
    /* The client's proof is the number of the server's SYN, and nothing less. */
    "o S 0 - SS | r S. 0 1 SR | o . 1 5000 SR^ | o . 1 1 ES",
    "o S 0 - SS | r S. 0 1 SR | o . 1 0 t60 SR^ | o P. 1 -3 +9 SR^ | o F. 1 0 SR^ | o . 1 1 ES",
    /* The server has to acknowledge the SYN. */
    "o S 0 - SS | r S. 0 777 SS^ | r S. 0 1 SR | o . 1 1 ES",
    "o S 0 - SS | r S. 0 -70000 SS? | r S. 0 1 SR | o . 1 1 ES",
    "o S 0 - SS | r S. 5000 777 SS^ | r S. 0 1 SR | o . 1 5001 SR^ | o . 1 1 ES",
    /* Nothing else opens. */
    "o S 0 - SS | o . 1 1 SS! | o F. 1 1 SS! | o S. 0 1 SS! | r F. 0 1 SS! | r S. 0 1 SR",
    "o S 0 - SS | r . 0 1 SS? | r S. 0 1 SR | o . 1 1 ES",
    "o F. 1 1 -! | o S. 0 1 -! | o R 1 - -! | o R. 1 1 -! | o U 1 - -! | o S 0 - SS",
    /* Data in the SYN (RFC 7413): taken, left, sent again without. */
    "o S 0 - +100 SS | r S. 0 101 SR | o . 101 1 ES",
    "o S 0 - +100 SS | r S. 0 1 SR | o P. 1 1 +100 ES | r . 1 101 ES",
    "o S 0 - +100 SS | o S 0 - SS? | r S. 0 101 SR | o . 101 1 ES",
    /* Another ISN before the answer, above and below; and after it. */
    "o S 0 - SS | o S 5000 - SS? | r S. 0 5001 SR | o . 5001 1 ES",
    "o S 0 - SS | o S -5000 - SS? | r S. 0 -4999 SR | o . -4999 1 ES",
    "o S 0 - SS | o S -100000 - SS? | r S. 0 -99999 SR | o . -99999 1 ES",
    "o S 0 - SS | r S. 0 1 SR | o S 5000 - SR? | r S. 9000 5001 SR | o . 5001 9001 ES",
    "o S 0 - SS | r S. 0 1 SR | o S -90000 - SR? | r S. -5 -89999 SR | o . -89999 -4 ES",
    /* Simultaneous open. */
    "o S 0 - SS | r S 0 - t120 S2 | o S. 0 1 SR | r S. 0 1 SR? | o . 1 1 ES | r . 1 1 ES",
    "o S 0 - SS | r S 0 - S2 | o S. 0 1 SR | r . 1 1 ES | o P. 1 1 +9 ES",
    "o S 0 - SS | r S 0 - S2 | r S. 0 1 SR | r . 1 1 t60 SR | o . 1 1 ES",
    "o S 0 - SS | r S 0 - S2 | r S. 0 1 SR | o S. 0 1 SR | r . 1 1 ES",
    "o S 0 - SS | r S 0 - S2 | o S 0 - S2 | r S 0 - S2 | r . 5 1 S2? | o . 1 1 S2! | o S. 0 1 SR",
    "o S 0 - SS | r S 0 - S2 | o S 90000 - S2^ | r S 200000 - S2^ | o S. 0 9 S2^ | o S. 0 1 SR",
    "o S 0 - SS | r S 0 - S2 | o F. 1 1 S2! | r F. 1 1 S2! | o S. 0 1 SR",
    "o S 0 - SS | r S. 0 1 SR | o S. 0 1 SR | r . 1 1 t60 SR | o . 1 1 ES",
    "o S 0 - SS | r S 0 - S2 | o S 5000 - S2^ | r S 5000 - S2^ | o S. 0 1 SR",
    /* Picked up in mid-stream: both have to acknowledge before it counts as established. */
    "o . 1 1 t300 ES | r . 1 1 t300 ES | o . 1 1 t432000 ES",
    "o P. 1 1 +100 ES | r . 1 101 ES | r F. 1 101 FW | o F. 101 2 LA | r . 2 102 TW",
    "o . 1 1 ES | r . 1 1 ES | o P. 5000000 1 +1000 ES | r . 1 5001000 ES | o F. 5001000 1 FW",
    "o . 1 1 ES | r . 1 1 ES | o P. 1500000000 1 +9 ES^ | o F. -1500000000 1 ES^ | o . 1 1 ES",
    "o . 1 1 ES | r . 1 1 ES | o . 1 1500000000 ES^ | r P. 1 -1500000000 +9 ES^ | r . 1 1 ES",
    "o . 1 1 ES | r P. 1 50 +9 t300 ES | o . 50 10 t432000 ES",
    "o . 1 1 ES | r P. 9000 1 +9 ES | o . 1 9009 ES | r . 9009 1 t432000 ES",
};

static const char *const closing[] = {
    /* Four segments and three, from either side, or from both at once. */
    OPEN "o F. 1 1 t120 FW | r . 1 2 t60 CW | r F. 1 2 t30 LA | o . 2 2 t120 TW",
    OPEN "r F. 1 1 FW | o . 1 2 CW | o F. 1 2 LA | r . 2 2 TW",
    OPEN "o F. 1 1 FW | r F. 1 2 LA | o . 2 2 TW",
    OPEN "r F. 1 1 FW | o F. 1 2 LA | r . 2 2 TW",
    OPEN "o F. 1 1 FW | r F. 1 1 LA | o . 2 2 TW | r . 2 2 TW",
    OPEN "r F. 1 1 FW | o F. 1 1 LA | r . 2 2 TW | o . 2 2 TW",
    /* Half closed: data goes on the other way. */
    OPEN "o F. 1 1 FW | r . 1 2 CW | r P. 1 2 +500 t60 CW | o . 2 501 CW | r P. 501 2 +500 CW | "
	 "o . 2 1001 CW | r F. 1001 2 LA | o . 2 1002 TW",
    OPEN
    "r F. 1 1 FW | o . 1 2 CW | o P. 1 2 +500 CW | r . 2 501 CW | o F. 501 2 LA | r . 2 502 TW",
    /* With data; before the data; instead of the handshake's ACK. */
    OPEN "o FP. 1 1 +100 FW | r . 1 102 CW | r FP. 1 102 +100 LA | o . 102 102 TW",
    OPEN "o F. 101 1 FW | o P. 1 1 +100 CW | r . 1 102 CW | r F. 1 102 LA | o . 102 2 TW",
    "o S 0 - SS | r S. 0 1 SR | o F. 1 1 FW | r . 1 2 CW",
    "o S 0 - SS | r S. 0 1 SR | r F. 1 1 FW | o . 1 2 CW | o F. 1 2 LA | r . 2 2 TW",
    /* Sent again, because it or its ACK is lost. */
    OPEN "o F. 1 1 FW | o F. 1 1 LA | r . 1 2 TW | o F. 1 1 TW | r F. 1 2 TW | r F. 1 2 TW",
    OPEN "o F. 1 1 FW | r F. 1 2 LA | r F. 1 2 LA | o . 2 2 TW | r F. 1 2 TW | o . 2 2 TW",
    /* Out of the window on either number, or not a FIN that any stack sends. */
    OPEN
    "o F. 200000 1 ES^ | o F. 1 200000 ES^ | o F. -70000 1 ES^ | o F. 1 -70000 ES^ | o . 1 1 ES",
    OPEN
    "r F. 200000 1 ES^ | r F. 1 200000 ES^ | r F. -70000 1 ES^ | r F. 1 -70000 ES^ | r . 1 1 ES",
    OPEN "o F. 66000 1 ES^ | o F. 1 1 FW | r F. 66000 2 FW^ | r F. 1 2 LA | o F. 9 70000 LA^",
    OPEN "o F 1 - ES! | o FS. 1 1 ES! | o FR. 1 1 ES! | o SR 1 - ES! | o FPU 1 - ES! | o P 1 - ES!",
};

static const char *const syns[] = {
    /* The server of a live connection answers a challenge ACK, which the client resets. */
    OPEN "o S 70000 - ES? | r . 1 1 ES | o R 1 - CL | o S 70000 - SS* | r S. 90000 70001 SR | "
	 "o . 70001 90001 ES",
    OPEN "o S 0 - ES? | r . 1 1 ES | o P. 1 1 +10 ES",
    /* In LAST_ACK that ACK is not the one of the last FIN. */
    OPEN "o F. 1 1 FW | r F. 1 2 LA | o S 70000 - LA? | r . 2 2 LA? | r . 2 2 TW",
    OPEN "o F. 1 1 FW | r F. 1 2 LA | o S 70000 - LA? | o . 2 2 TW",
    OPEN "o F. 1 1 FW | r F. 1 2 LA | o S 70000 - LA? | r F. 1 2 LA | r . 2 2 TW",
    /* The server does know better: its SYN-ACK says so. */
    OPEN "o S 70000 - ES? | r S. 90000 70001 t60 SR | o . 70001 90001 ES | r P. 90001 70001 +9 ES",
    OPEN "o S 70000 - ES? | o P. 1 1 +10 ES | r S. 90000 70001 SR | o . 70001 90000 SR^",
    OPEN "o F. 1 1 FW | o S 70000 - FW? | r S. 90000 70001 SR | o . 70001 90001 ES",
    OPEN "o F. 1 1 FW | r . 1 2 CW | o S 70000 - CW? | r S. 90000 70001 SR | o . 70001 90001 ES",
    OPEN "o F. 1 1 FW | r F. 1 2 LA | o S -70 - LA? | r S. -90 -69 SR | o . -69 -89 ES",
    OPEN "o S 70000 - ES? | r S. 90000 60001 ES? | r S. 90000 70001 ES? | o . 1 1 ES",
    OPEN "o S 70000 - ES? | r S. 90000 70001 SR | r . 90001 70001 SR | o . 70001 90001 ES",
    /* Who began the close of the old one is not who closed the new one. */
    OPEN
    "o F. 1 1 FW | o S 7000 - FW? | r S. 90 7001 SR | o . 7001 91 ES | r R 91 - CL | o S 5 - CL?",
    OPEN
    "r F. 1 1 FW | o S 7000 - FW? | r S. 90 7001 SR | o . 7001 91 ES | r R 91 - CL | o S 5 - CL?",
    /* SYNs and SYN-ACKs from the wrong side. */
    OPEN "r S 200000 - ES! | o S. 400000 200001 ES! | r . 200001 400001 ES^ | o . 1 1 ES",
    OPEN "r S 1 - ES! | o F. 1 1 FW | r S 1 - FW! | r . 1 2 CW | r S 1 - CW! | r F. 1 2 LA | r S 2 "
	 "- LA!",
    "o S 0 - SS | r S. 0 1 SR | r S 9 - SR! | o S. 0 1 SR | o S. 0 99 SR^ | o . 1 1 ES",
    /* After an orderly end the ports are free, with any ISN and for either side. */
    OPEN "o F. 1 1 FW | r F. 1 2 LA | o . 2 2 TW | o S 70000 - t120 SS* | r S. 90000 70001 SR",
    OPEN "o F. 1 1 FW | r F. 1 2 LA | o . 2 2 TW | o S 3 - SS* | r S. 3 4 SR | o . 4 4 ES",
    OPEN "r F. 1 1 FW | o F. 1 2 LA | r . 2 2 TW | o S -900 - SS* | r . 2 2 SS? | o R 2 - CL | "
	 "o S -900 - SS* | r S. 70 -899 SR | o . -899 71 ES",
    OPEN
    "o F. 1 1 FW | r F. 1 2 LA | o . 2 2 TW | r S 200 - SS* | o S. 400 201 SR | r . 201 401 ES",
    OPEN "o F. 1 1 FW | r F. 1 2 LA | o . 2 2 TW | r S. 0 1 TW? | o S. 0 1 TW!",
    /* After a RST of its own, or of a server that never spoke; else the server has to say so. */
    OPEN "o R 1 - CL | o S 50000 - SS* | r S. 60000 50001 SR | o . 50001 60001 ES",
    OPEN "r R 1 - CL | o S 50000 - CL? | r S. 60000 50001 SR | o . 50001 60001 ES",
    OPEN "r R 1 - CL | r S 50000 - CL! | o S. 5 5 CL!",
    "o S 0 - SS | r R. 0 1 t10 CL | o S 5 - SS* | r S. 0 6 SR | o . 6 1 ES",
    /* An ACK of an older connection draws a RST, and the SYN may yet be answered. */
    "o S 0 - SS | r . 7000 9000 SS? | o R 9000 - CL | r S. 0 1 SR | o . 1 1 ES | r P. 60000 1 +9 "
    "ES",
    "o S 0 - SS | o R 1 - CL | o . 1 1 CL^ | o . 1 0 CL^",
    "o S 0 - SS | r . 7000 9000 SS? | o R 9000 - CL | r S. 0 2 CL? | o S 0 - SS* | r S. 0 1 SR",
    "o S 0 - SS | r . 7000 9000 SS? | o R 9001 - SS^ | r S. 0 1 SR | o . 1 1 ES",
    /* Picked up in mid-stream, then opened anew: windows are known and held against. */
    "o . 1 1 ES | r . 1 1 ES | o S 500 - ES? | r S. 900 501 SR | o . 501 901 ES | "
    "o F. 900000 901 ES^ | o F. 501 901 FW",
};

static void opens(void **state)
{
	(void)state;
	text_run_all(opening, COUNT_OF(opening));
}

static void closes(void **state)
{
	(void)state;
	text_run_all(closing, COUNT_OF(closing));
}

static void syns_on_what_is_there(void **state)
{
	(void)state;
	text_run_all(syns, COUNT_OF(syns));
}

/* A free slot: whoever sends first is the client. */
static void servers_do_not_open(void **state)
{
	static const __u8 flags[] = {TCP_SYN, TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK, TCP_ACK,
				     TCP_RST};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(flags); i++) {
		struct conn c = {0}, before = c;
		struct conn_head head = {0};
		const struct segment s = {.flags = flags[i], .window = 1};

		assert_int_equal(track_segment(&c, &head, TRACK_SERVER, &s), TRACK_INVALID);
		assert_memory_equal(&c, &before, sizeof(c));
		assert_int_equal(head.state, NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(opens),
	    cmocka_unit_test(closes),
	    cmocka_unit_test(syns_on_what_is_there),
	    cmocka_unit_test(servers_do_not_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
