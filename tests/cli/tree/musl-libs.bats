#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# What scripts/musl-libs built fits the initramfs: static, complete, and accepted by
# the host's own tools.
load ../../lib/env

bats_require_minimum_version 1.5.0

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	root=$BATS_TEST_DIRNAME/../../..
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "programs are static and small" {
	for program in busybox mke2fs e2fsck; do
		run -0 file -b "$MUSL/bin/$program"
		assert_output --partial 'statically linked'
		assert [ "$(stat -c %s "$MUSL/bin/$program")" -le $((700 * 1024)) ]
	done
}

@test "busybox has every applet that gets a link in the image" {
	sed 's/#.*//' "$root/skel/busybox.links" | tr -s ' \t' '\n' | sed '/^$/d' | sort >want
	"$MUSL/bin/busybox" --list | sort >have
	[ "$(wc -l <want)" -gt 100 ]
	run -0 comm -23 want have
	assert_output ''
}

@test "busybox ash runs applets that are not in PATH" {
	run -0 env -i PATH=/nowhere "$MUSL/bin/busybox" sh -c 'echo one two | cut -d " " -f 2'
	assert_output two
}

@test "busybox reads the compressed archives of other tools" {
	mkdir tree
	head -c 100000 /dev/urandom >tree/data
	for compressor in gzip bzip2 xz; do
		tar -c --use-compress-program "$compressor" -f "tree.$compressor" tree
		mkdir "$compressor"
		"$MUSL/bin/busybox" tar -xf "tree.$compressor" -C "$compressor"
		cmp tree/data "$compressor/tree/data"
	done
}

@test "busybox cpio writes what the host's cpio reads" {
	mkdir tree
	echo content >tree/file
	find tree | "$MUSL/bin/busybox" cpio -o -H newc >tree.cpio
	run -0 cpio -i --to-stdout --quiet tree/file <tree.cpio
	assert_output content
}

@test "busybox mount hands NFS options to the kernel as they are" {
	mkdir target
	run unshare -m strace -s 200 -e trace=mount "$MUSL/bin/busybox" \
		mount -i -t nfs -o addr=127.0.0.1,nolock,vers=3 127.0.0.1:/x target
	assert_output --partial '"addr=127.0.0.1,nolock,vers=3,'
}

@test "mke2fs makes an ext4 that the host's e2fsck and blkid accept" {
	truncate -s 64M image
	run -0 "$MUSL/bin/mke2fs" -q -F -t ext4 -L upper image
	run -0 /sbin/e2fsck -fn image
	run -0 /sbin/blkid -p -o export image
	assert_line TYPE=ext4
	assert_line LABEL=upper
}

@test "e2fsck repairs an ext4 that was damaged" {
	truncate -s 64M image
	/sbin/mke2fs -q -F -t ext4 image
	/sbin/debugfs -w -R 'clri <2>' image 2>/dev/null
	run ! /sbin/e2fsck -fn image
	run -1 "$MUSL/bin/e2fsck" -fy image
	run -0 /sbin/e2fsck -fn image
}

@test "the libraries link into one static program" {
	cat >probe.c <<-'END'
		#include <archive.h>
		#include <bzlib.h>
		#include <blkid/blkid.h>
		#include <lzma.h>
		#include <sha2.h>
		#include <stdio.h>
		#include <zlib.h>
		#include <zstd.h>

		int main(void)
		{
			SHA2_CTX sha;
			lzma_stream stream = LZMA_STREAM_INIT;
			lzma_mt mt = { .threads = 2, .memlimit_stop = UINT64_MAX };

			SHA256Init(&sha);
			if (lzma_stream_decoder_mt(&stream, &mt) != LZMA_OK || !blkid_known_fstype("ext4"))
				return 1;
			if (archive_write_disk_set_options(archive_write_disk_new(), ARCHIVE_EXTRACT_XATTR))
				return 2;
			return printf("%s bzip2 %s zlib %s zstd %s\n", archive_version_string(),
				      BZ2_bzlibVersion(), zlibVersion(), ZSTD_versionString()) < 0;
		}
	END
	musl-gcc -static -isystem "$MUSL/include" -o probe probe.c -L"$MUSL/lib" \
		-larchive -llzma -lzstd -lbz2 -lz -lmd -lblkid
	run -0 ./probe
	assert_output --regexp '^libarchive 3.* bzip2 1.* zlib 1.* zstd 1'
}

@test "curl reads by HTTPS, FTP and TFTP, by mbed TLS and a resolver that does not block, and by nothing else" {
	cat >probe.c <<-'END'
		#include <curl/curl.h>
		#include <mbedtls/version.h>
		#include <stdio.h>

		int main(void)
		{
			curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
			char tls[18];

			mbedtls_version_get_string_full(tls);
			printf("%s, %s, %s:", info->ssl_version, tls,
			       info->features & CURL_VERSION_ASYNCHDNS && info->features & CURL_VERSION_IPV6 ? "good" : "bad");
			for (const char *const *name = info->protocols; *name; name++)
				printf(" %s", *name);
			return puts("") < 0;
		}
	END
	musl-gcc -static -isystem "$MUSL/include" -o probe probe.c -L"$MUSL/lib" -lcurl -lmbedtls
	run -0 ./probe
	assert_output --regexp '^mbedTLS/([0-9.]+), mbed TLS \1, good: ftp ftps http https tftp$'
}

@test "without a Debian entry in apt's sources the message says what to add" {
	mkdir parts
	echo 'deb https://example.org/apt third-party main' >parts/example.list
	printf 'Dir::Etc::%s "%s";\n' sourcelist /dev/null sourceparts "$PWD/parts" >apt.conf
	run -1 env APT_CONFIG="$PWD/apt.conf" XDG_CACHE_HOME="$PWD/cache" \
		"$root/scripts/musl-libs" out
	assert_output --partial 'no entry for release'
	assert [ ! -e out/libs.stamp ]
}
