/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed blocks in, plain blocks out. */
#ifndef APPLETS_UNPACKROOT_STREAM_DECODE_H
#define APPLETS_UNPACKROOT_STREAM_DECODE_H

#include "applets/unpackroot/stream/blockq.h"
#include "applets/unpackroot/stream/codec.h"

/*
 * Decodes all frames that come through in and pushes the result through out; zero padding between
 * and after frames is skipped. Ends out with blockq_finish() and abandons in, whatever happens.
 *
 * 0; -ECANCELED: the consumer of out gave up; -EPIPE (or what blockq_finish of in was given): the
 * producer of in failed, no message; -ENODATA: the input ends within a frame; -EBADMSG: damaged, or
 * something that is not zero follows the last frame; -ENOMEM.
 */
int decode_stream(const struct codec *codec, const struct codec_limits *limits, struct blockq *in,
		  struct blockq *out, struct error **err) _must_check_;

#endif
