/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state table of the connection tracker: from who sent a segment, what it is and the state so
 * far to the next state.  The transitions are those of Linux's nf_conntrack, so that whoever knows
 * its states knows these; tests/data/nf_conntrack_reference.csv holds them against each other.
 * What a table of this shape cannot say (sequence numbers, a simultaneous open, what went before)
 * is in include/track.h.
 */
#ifndef SYNGUARD_TRACK_TABLE_H
#define SYNGUARD_TRACK_TABLE_H

#include "abi.h"

/* Who sent a segment: the side that opened the connection, or the other one. */
enum track_dir { TRACK_CLIENT = 0, TRACK_SERVER = 1 };

/* What of a segment counts for the state. */
enum track_kind { SEG_NONE, SEG_SYN, SEG_SYNACK, SEG_FIN, SEG_ACK, SEG_RST, SEG_KINDS };

/* Cells that are not a state.  What the table leaves out is INV: SEG_NONE is so in every state. */
enum track_cell { INV = NONE, IGN = STATE_MAX };

/* Powers of two, so that the verifier sees from the masks in track_next() that no index is out. */
enum { TABLE_KINDS = 8, TABLE_STATES = 16 };

static const __u8 track_table[2][TABLE_KINDS][TABLE_STATES] = {
    [TRACK_CLIENT] =
	{
	    [SEG_SYN] =
		{
		    [NONE] = SYN_SENT,       /* opens a connection */
		    [SYN_SENT] = SYN_SENT,   /* sent again, perhaps with another ISN */
		    [SYN_RECV] = IGN,        /* sent again: the SYN-ACK is lost or late */
		    [ESTABLISHED] = IGN,     /* forged or reuse: the server's answer tells */
		    [FIN_WAIT] = IGN,        /* the same */
		    [CLOSE_WAIT] = IGN,      /* the same */
		    [LAST_ACK] = IGN,        /* the same; beware of its challenge ACK */
		    [TIME_WAIT] = SYN_SENT,  /* reuse of the ports after an orderly end */
		    [CLOSE] = SYN_SENT,      /* the same after a reset */
		    [SYN_SENT2] = SYN_SENT2, /* sent again in a simultaneous open */
		},
	    [SEG_SYNACK] =
		{
		    [NONE] = INV,           /* the answer to nothing */
		    [SYN_SENT] = INV,       /* nobody sent this side a SYN */
		    [SYN_RECV] = SYN_RECV,  /* simultaneous open: each side sends one */
		    [ESTABLISHED] = INV,    /* the client never answers a SYN from here on */
		    [FIN_WAIT] = INV,       /* the same */
		    [CLOSE_WAIT] = INV,     /* the same */
		    [LAST_ACK] = INV,       /* the same */
		    [TIME_WAIT] = INV,      /* the same */
		    [CLOSE] = INV,          /* the same */
		    [SYN_SENT2] = SYN_RECV, /* simultaneous open: the server's SYN is answered */
		},
	    [SEG_FIN] =
		{
		    [NONE] = INV,             /* too late to learn anything from */
		    [SYN_SENT] = INV,         /* acknowledges what was never sent */
		    [SYN_RECV] = FIN_WAIT,    /* handshake's ACK and close in one */
		    [ESTABLISHED] = FIN_WAIT, /* the first to close */
		    [FIN_WAIT] = LAST_ACK,    /* the second to close, or the first once more */
		    [CLOSE_WAIT] = LAST_ACK,  /* the second to close */
		    [LAST_ACK] = LAST_ACK,    /* sent again */
		    [TIME_WAIT] = TIME_WAIT,  /* sent again: its ACK is lost */
		    [CLOSE] = CLOSE,          /* crossed the RST */
		    [SYN_SENT2] = INV,        /* no handshake yet */
		},
	    [SEG_ACK] =
		{
		    [NONE] = ESTABLISHED,        /* in mid-stream, if the caller wants it */
		    [SYN_SENT] = INV,            /* acknowledges what was never sent */
		    [SYN_RECV] = ESTABLISHED,    /* ends the handshake */
		    [ESTABLISHED] = ESTABLISHED, /* data and ACKs */
		    [FIN_WAIT] = CLOSE_WAIT,     /* the FIN is acknowledged */
		    [CLOSE_WAIT] = CLOSE_WAIT,   /* half closed: data goes on one way */
		    [LAST_ACK] = TIME_WAIT,      /* the last FIN is acknowledged */
		    [TIME_WAIT] = TIME_WAIT,     /* sent again for a FIN sent again */
		    [CLOSE] = CLOSE,             /* crossed the RST */
		    [SYN_SENT2] = INV,           /* a SYN-ACK has to come first */
		},
	    [SEG_RST] =
		{
		    [NONE] = INV,          /* the end of nothing */
		    [SYN_SENT] = CLOSE,    /* the client gave up, or met a half-open server */
		    [SYN_RECV] = CLOSE,    /* the client does not want the SYN-ACK */
		    [ESTABLISHED] = CLOSE, /* aborted */
		    [FIN_WAIT] = CLOSE,    /* aborted */
		    [CLOSE_WAIT] = CLOSE,  /* aborted */
		    [LAST_ACK] = CLOSE,    /* aborted */
		    [TIME_WAIT] = CLOSE,   /* one side has forgotten the connection */
		    [CLOSE] = CLOSE,       /* one per late segment */
		    [SYN_SENT2] = CLOSE,   /* aborted */
		},
	},
    [TRACK_SERVER] =
	{
	    [SEG_SYN] =
		{
		    [NONE] = INV,            /* who sends the first segment is the client */
		    [SYN_SENT] = SYN_SENT2,  /* simultaneous open */
		    [SYN_RECV] = INV,        /* the server has answered already */
		    [ESTABLISHED] = INV,     /* a server opens nothing */
		    [FIN_WAIT] = INV,        /* the same */
		    [CLOSE_WAIT] = INV,      /* the same */
		    [LAST_ACK] = INV,        /* the same */
		    [TIME_WAIT] = SYN_SENT,  /* reuse of the ports, the other way round */
		    [CLOSE] = INV,           /* not after a reset, which it may not have seen */
		    [SYN_SENT2] = SYN_SENT2, /* sent again in a simultaneous open */
		},
	    [SEG_SYNACK] =
		{
		    [NONE] = INV,           /* the answer to nothing */
		    [SYN_SENT] = SYN_RECV,  /* the answer to the SYN */
		    [SYN_RECV] = IGN,       /* sent again, or the answer to an ignored SYN */
		    [ESTABLISHED] = IGN,    /* the same */
		    [FIN_WAIT] = IGN,       /* the same */
		    [CLOSE_WAIT] = IGN,     /* the same */
		    [LAST_ACK] = IGN,       /* the same */
		    [TIME_WAIT] = IGN,      /* the same */
		    [CLOSE] = IGN,          /* the same */
		    [SYN_SENT2] = SYN_RECV, /* simultaneous open: the client's SYN is answered */
		},
	    [SEG_FIN] =
		{
		    [NONE] = INV,             /* too late to learn anything from */
		    [SYN_SENT] = INV,         /* a SYN-ACK has to come first */
		    [SYN_RECV] = FIN_WAIT,    /* closes before the handshake's ACK is here */
		    [ESTABLISHED] = FIN_WAIT, /* the first to close */
		    [FIN_WAIT] = LAST_ACK,    /* the second to close, or the first once more */
		    [CLOSE_WAIT] = LAST_ACK,  /* the second to close */
		    [LAST_ACK] = LAST_ACK,    /* sent again */
		    [TIME_WAIT] = TIME_WAIT,  /* sent again: its ACK is lost */
		    [CLOSE] = CLOSE,          /* crossed the RST */
		    [SYN_SENT2] = INV,        /* no handshake yet */
		},
	    [SEG_ACK] =
		{
		    [NONE] = INV,                /* who sends the first segment is the client */
		    [SYN_SENT] = IGN,            /* an older connection's: the client resets it */
		    [SYN_RECV] = SYN_RECV,       /* the client's proof is still to come */
		    [ESTABLISHED] = ESTABLISHED, /* data and ACKs */
		    [FIN_WAIT] = CLOSE_WAIT,     /* the FIN is acknowledged */
		    [CLOSE_WAIT] = CLOSE_WAIT,   /* half closed: data goes on one way */
		    [LAST_ACK] = TIME_WAIT,      /* the last FIN is acknowledged */
		    [TIME_WAIT] = TIME_WAIT,     /* sent again for a FIN sent again */
		    [CLOSE] = CLOSE,             /* crossed the RST */
		    [SYN_SENT2] = IGN,           /* an older connection's, as in SYN_SENT */
		},
	    [SEG_RST] =
		{
		    [NONE] = INV,          /* the end of nothing */
		    [SYN_SENT] = CLOSE,    /* refused */
		    [SYN_RECV] = CLOSE,    /* the server gave up */
		    [ESTABLISHED] = CLOSE, /* aborted */
		    [FIN_WAIT] = CLOSE,    /* aborted */
		    [CLOSE_WAIT] = CLOSE,  /* aborted */
		    [LAST_ACK] = CLOSE,    /* aborted */
		    [TIME_WAIT] = CLOSE,   /* one side has forgotten the connection */
		    [CLOSE] = CLOSE,       /* one per late segment */
		    [SYN_SENT2] = CLOSE,   /* aborted */
		},
	},
};

_Static_assert((int)SEG_KINDS <= TABLE_KINDS && (int)IGN < TABLE_STATES, "in the masks");

INLINE __u8 track_next(enum track_dir dir, enum track_kind kind, enum conn_state state)
{
	return track_table[dir & 1][kind & (TABLE_KINDS - 1)][state & (TABLE_STATES - 1)];
}

#endif
