# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# How scripts/musl-libs builds each package: build_NAME runs in the unpacked source and leaves its
# results in $stage.
# Wants: the paths $src_dsc, $source, $stage, $out (what was built before), $work, $here, and $jobs; $musl_cc, and of a cross
# compiler $arch and $triplet.
# shellcheck disable=SC2154 # those

# dpkg-source looks at the checksums again.
unpack_source() {
	rm -rf "$work"
	mkdir -p "$work/kernel-headers"
	dpkg-source -x "$src_dsc" "$source" </dev/null
	# one time stamp for all, or a patched configure.ac makes make(1) call autoconf
	find "$source" -exec touch -h -d @1000000000 {} +
	# musl-gcc hides the host's headers; the kernel's own ones are libc-neutral
	headers=/usr/include asm=$(gcc -print-multiarch)/asm
	[ -z "$triplet" ] || headers=/usr/${triplet%-}/include asm=asm
	for dir in linux asm-generic mtd "$asm"; do
		ln -s "$headers/$dir" "$work/kernel-headers/"
	done
}

# -Os, as fast here as -O2 for all but zstd
optimise() {
	CFLAGS="$1 -pipe -fno-pie -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
		-fno-ident -ffile-prefix-map=$source=. -w"
	CPPFLAGS="-I$out/include -idirafter $work/kernel-headers"
	LDFLAGS="-static -L$out/lib"
	# libgcc's functions for atomics ask glibc for the processor
	[ "$arch" != arm64 ] || CFLAGS="$CFLAGS -mno-outline-atomics"
	CC=$musl_cc
	export CC CFLAGS CPPFLAGS LDFLAGS
}

# compile_lib LIB FLAGS FILE...: for packages whose own build adds nothing to this
compile_lib() {
	lib=$1 flags=$2
	shift 2
	mkdir -p objects "$stage/lib" "$stage/include"
	# shellcheck disable=SC2086 # lists of words
	printf "$source/%s\n" "$@" |
		(cd objects && xargs -P "$jobs" -n 4 $CC $CPPFLAGS $CFLAGS $flags -c)
	"${triplet}ar" rcsD "$stage/lib/$lib.a" objects/*.o
}

configure() {
	[ -z "$triplet" ] || set -- --host="${triplet%-}" "$@"
	CONFIG_SHELL=/bin/sh sh ./configure --disable-shared --enable-static --disable-dependency-tracking "$@"
}

# The machine's headers and crt*.o go with it. Debian's libc.a is compiled for speed and takes
# 15 KiB more in each program.
build_musl() {
	optimise -Os
	unset CPPFLAGS
	set -- --disable-shared --enable-optimize=no
	[ -z "$triplet" ] || set -- "$@" --prefix=/ --target="${triplet%-}" --disable-wrapper
	CC=${triplet}gcc ./configure "$@"
	make -j"$jobs" lib/libc.a
	# Applets print and read no floating point. As an object file it comes before the libc's own.
	{
		sed '/^static int fmt_fp(/,/^}/c static int fmt_fp(FILE *f, long double y, int w, int p, int fl, int t)\n{\n\terrno = EINVAL;\n\treturn -1;\n}' \
			src/stdio/vfprintf.c
		echo 'long double __floatscan(FILE *f, int prec, int pok) { errno = EINVAL; return 0; }'
	} >src/stdio/nofloat.c
	make obj/src/stdio/nofloat.o
	cp lib/libc.a obj/src/stdio/nofloat.o "$stage/lib"
	# for another machine there is no package of the rest
	[ -n "$triplet" ] || return 0
	make -j"$jobs" DESTDIR="$stage/musl" install-headers install-libs
	cp tools/musl-gcc.specs.sh "$stage/musl"
}

build_zlib() {
	optimise -Os
	compile_lib libz '-DHAVE_UNISTD_H -DHAVE_HIDDEN -D_LARGEFILE64_SOURCE=1' ./*.c
	cp zlib.h zconf.h "$stage/include"
	# vdattach reads single clusters: there the decoder's size counts
	rm -r objects
	compile_lib libinflate '-DHAVE_HIDDEN -DNO_GZIP -DBUILDFIXED' \
		inflate.c inftrees.c inffast.c adler32.c zutil.c
}

build_bzip2() {
	optimise -Os
	compile_lib libbz2 -D_FILE_OFFSET_BITS=64 \
		blocksort.c huffman.c crctable.c randtable.c compress.c decompress.c bzlib.c
	cp bzlib.h "$stage/include"
}

build_xz_utils() {
	optimise -Os
	configure --enable-encoders= --disable-xz --disable-xzdec --disable-lzmadec \
		--disable-lzmainfo --disable-lzma-links --disable-scripts --disable-doc --disable-nls
	make -C src/liblzma -j"$jobs" liblzma.la
	cp src/liblzma/.libs/liblzma.a "$stage/lib"
	cp -R src/liblzma/api/lzma.h src/liblzma/api/lzma "$stage/include"
	# again for vdattach, without tables and the filters for foreign processors
	make -C src/liblzma clean
	configure --enable-small --enable-encoders= --enable-decoders=lzma1,lzma2,x86,delta \
		--enable-checks=crc32,crc64 --disable-threads --disable-xz --disable-xzdec \
		--disable-lzmadec --disable-lzmainfo --disable-lzma-links --disable-scripts \
		--disable-doc --disable-nls
	make -C src/liblzma -j"$jobs" liblzma.la
	cp src/liblzma/.libs/liblzma.a "$stage/lib/liblzmadec.a"
}

# Twice as fast with -O2.
build_libzstd() {
	optimise -O2
	compile_lib libzstd '-DZSTD_LEGACY_SUPPORT=0 -DXXH_NAMESPACE=ZSTD_' \
		lib/common/*.c lib/decompress/*.c lib/decompress/*.S
	# vdattach reads single clusters: there the decoder's size counts
	rm -r objects
	optimise -Os
	compile_lib libzstddec '-DZSTD_LEGACY_SUPPORT=0 -DXXH_NAMESPACE=ZSTD_ -DHUF_FORCE_DECOMPRESS_X1
		-DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT -DDYNAMIC_BMI2=0 -DZSTD_NO_INLINE
		-DZSTD_STRIP_ERROR_STRINGS -DZSTD_NO_TRACE -DZSTD_DISABLE_ASM' lib/common/*.c lib/decompress/*.c
	# packroot compresses
	rm -r objects
	compile_lib libzstdenc '-DZSTD_LEGACY_SUPPORT=0 -DXXH_NAMESPACE=ZSTD_ -DDYNAMIC_BMI2=0 -DZSTD_NO_INLINE
		-DZSTD_STRIP_ERROR_STRINGS -DZSTD_NO_TRACE' lib/common/*.c lib/compress/*.c
	cp lib/zstd.h lib/zstd_errors.h "$stage/include"
}

# The decoders alone are linked.
build_lz4() {
	optimise -Os
	compile_lib liblz4 "" lib/lz4.c
	cp lib/lz4.h "$stage/include"
}

build_lzo2() {
	optimise -Os
	compile_lib liblzo2 "-I$source/include" src/lzo1x_d2.c
	cp -R include/lzo "$stage/include"
}

build_libmd() {
	optimise -Os
	configure
	make -C src -j"$jobs" libmd.la
	cp src/.libs/libmd.a "$stage/lib"
	cp include/*.h "$stage/include"
}

# mbedtls.config says what is on. Version 3 has its settings in a file of another name.
build_mbedtls() {
	optimise -Os
	sed -e '/^#/d;/^$/d;s/^/#define MBEDTLS_/' "$here/mbedtls.config" >wanted.h
	settings=include/mbedtls/mbedtls_config.h
	[ -f "$settings" ] || {
		settings=include/mbedtls/config.h
		# version 3 includes it by itself
		echo '#include "mbedtls/check_config.h"' >>wanted.h
	}
	{
		echo '#ifndef MBEDTLS_CONFIG_H'
		echo '#define MBEDTLS_CONFIG_H'
		cat wanted.h
		echo '#endif'
	} >"$settings"
	# before those of a version that was built earlier
	CPPFLAGS="-I$source/include -I$source/library $CPPFLAGS"
	compile_lib libmbedtls '' library/*.c
	# programs that look for the three parts find them
	"${triplet}ar" rcsD "$stage/lib/libmbedx509.a"
	"${triplet}ar" rcsD "$stage/lib/libmbedcrypto.a"
	cp -R include/mbedtls "$stage/include"
	[ ! -d include/psa ] || cp -R include/psa "$stage/include"
}

# For applets that read by HTTP, HTTPS, FTP and TFTP: no other protocol, no cookies, no compression.
build_curl() {
	optimise -Os
	configure --with-mbedtls="$out" --without-ca-bundle --without-ca-path --without-zlib --without-brotli \
		--without-zstd --without-libpsl --without-libidn2 --without-nghttp2 --without-nghttp3 --without-libssh2 \
		--without-librtmp --without-libgsasl --enable-ipv6 --enable-threaded-resolver --enable-http --enable-ftp \
		--enable-tftp --enable-proxy --enable-http-auth --enable-dateparse --enable-headers-api \
		--disable-file --disable-ldap --disable-ldaps --disable-rtsp --disable-dict --disable-telnet --disable-pop3 \
		--disable-imap --disable-smb --disable-smtp --disable-gopher --disable-mqtt --disable-ipfs --disable-websockets \
		--disable-manual --disable-docs --disable-libcurl-option --disable-get-easy-options --disable-versioned-symbols \
		--disable-symbol-hiding --disable-ares --disable-sspi --disable-ntlm --disable-ntlm-wb \
		--disable-kerberos-auth --disable-negotiate-auth --disable-aws --disable-tls-srp --disable-unix-sockets \
		--disable-cookies --disable-doh --disable-mime --disable-form-api --disable-netrc --disable-progress-meter \
		--disable-alt-svc --disable-hsts --disable-ech --disable-openssl-auto-load-config --disable-ca-search
	grep -q '^#define USE_MBEDTLS 1' lib/curl_config.h || {
		echo 'configure did not find mbed TLS'
		return 1
	}
	make -C lib -j"$jobs" libcurl.la
	cp lib/.libs/libcurl.a "$stage/lib"
	cp -R include/curl "$stage/include"
	rm -f "$stage/include/curl/"Makefile*
}

# What verifies signatures. configure is not among the sources, and would only look for faster instructions.
build_libsodium() {
	optimise -Os
	sodium=src/libsodium
	sed 's/@VERSION@/minimal/;s/@SODIUM_LIBRARY_VERSION_M[A-Z]*@/0/;s/@SODIUM_LIBRARY_MINIMAL_DEF@//' \
		$sodium/include/sodium/version.h.in >$sodium/include/sodium/version.h
	# shellcheck disable=SC2046 # a list of files
	compile_lib libsodium "-DCONFIGURED=1 -DNATIVE_LITTLE_ENDIAN -DHAVE_TI_MODE
		-I$source/$sodium/include -I$source/$sodium/include/sodium" \
		$sodium/crypto_sign/crypto_sign.c $sodium/crypto_sign/ed25519/*.c $sodium/crypto_sign/ed25519/ref10/*.c \
		$sodium/crypto_core/ed25519/ref10/*.c $sodium/crypto_hash/sha512/*.c $sodium/crypto_hash/sha512/cp/*.c \
		$sodium/crypto_generichash/*.c $sodium/crypto_generichash/blake2b/*.c \
		$sodium/crypto_generichash/blake2b/ref/blake2b-compress-ref.c $sodium/crypto_generichash/blake2b/ref/blake2b-ref.c \
		$sodium/crypto_generichash/blake2b/ref/generichash_blake2b.c \
		$(find $sodium/crypto_verify -name '*.c') $sodium/sodium/utils.c $sodium/sodium/codecs.c $sodium/sodium/core.c
	cp -R "$sodium/include/sodium.h" "$sodium/include/sodium" "$stage/include"
}

build_util_linux() {
	optimise -Os
	configure --disable-all-programs --enable-libblkid --disable-nls --disable-asciidoc \
		--without-systemd --without-udev --without-ncurses --without-tinfo --without-readline \
		--without-cap-ng --without-selinux --without-audit --without-libz --without-libmagic \
		--without-user --without-util --without-econf --without-cryptsetup --without-btrfs \
		--without-python
	make -j"$jobs" libblkid.la
	cp .libs/libblkid.a "$stage/lib"
	mkdir "$stage/include/blkid"
	cp libblkid/src/blkid.h "$stage/include/blkid"
}

# Formats and extended attributes alone: the applets have the compressors and ACLs in their own hands.
build_libarchive() {
	optimise -Os
	configure --disable-bsdtar --disable-bsdcpio --disable-bsdcat --disable-acl --without-zlib \
		--without-bz2lib --without-lzma --without-zstd --without-iconv --without-openssl \
		--without-nettle --without-mbedtls --without-xml2 --without-expat --without-lz4 \
		--without-lzo2 --without-libb2 --without-cng
	grep -q '^#define ARCHIVE_XATTR_LINUX 1' config.h || {
		echo 'configure did not find extended attributes'
		return 1
	}
	make -j"$jobs" libarchive.la
	cp .libs/libarchive.a "$stage/lib"
	cp libarchive/archive.h libarchive/archive_entry.h "$stage/include"
}

# busybox.config says what is on; the answer to all else is no.
configure_busybox() {
	sed -e '/^#/d;/^$/d;s/^/CONFIG_/;/=/!s/$/=y/' "$here/busybox.config" >wanted
	sed 's/=.*//' wanted >names
	make allnoconfig
	find . -name Config.in -exec sed -n 's/^config \([A-Za-z0-9_]*\)$/CONFIG_\1/p' {} + |
		sort -u | grep -vxF -f names | sed 's/.*/# & is not set/' >off
	cat wanted off >.config
	yes '' | make oldconfig
	if grep -vxF -f .config wanted; then
		echo 'busybox.config has these settings that busybox does not take'
		return 1
	fi
}

# refuse_dhcp_servers: udhcpc takes the first offer, and cannot be told to leave out a server whose lease leads nowhere. With this it
# ignores those in UDHCPC_REFUSE, addresses with a space on either side.
refuse_dhcp_servers() {
	sed -i -e 's/if (\*message == DHCPOFFER) {/if (*message == DHCPOFFER \&\& !is_refused(\&packet)) {/' \
		-e '/^int udhcpc_main(.*MAIN_EXTERNALLY_VISIBLE;$/{
			i static int is_refused(struct dhcp_packet *packet)
			i {
			i \	uint8_t *id = udhcp_get_option32(packet, DHCP_SERVER_ID);
			i \	const char *list = getenv("UDHCPC_REFUSE");
			i \	struct in_addr server;
			i \	char word[24];
			i \	if (!id || !list) return 0;
			i \	memcpy(&server, id, sizeof(server));
			i \	snprintf(word, sizeof(word), " %s ", inet_ntoa(server));
			i \	return strstr(list, word) != NULL;
			i }
		}' networking/udhcp/dhcpc.c
	[ "$(grep -c 'is_refused(' networking/udhcp/dhcpc.c)" = 2 ] || {
		echo 'udhcpc of this busybox looks different: servers cannot be refused'
		return 1
	}
}

build_busybox() {
	optimise -Os
	export KCONFIG_NOTIMESTAMP=1
	refuse_dhcp_servers
	configure_busybox
	make -j"$jobs" CROSS_COMPILE="$triplet" CC="$CC" CONFIG_EXTRA_CFLAGS="$CPPFLAGS -fno-ident -ffile-prefix-map=$source=."
	cp busybox "$stage/bin"
}

build_e2fsprogs() {
	optimise -Os
	# before 1.47.4 it is forgotten where the libc has no lseek64, as musl has none since 1.2.4
	! grep -q "define my_llseek" lib/ext2fs/llseek.c || CFLAGS="$CFLAGS -Dmy_llseek=lseek"
	LDFLAGS="$LDFLAGS -Wl,--gc-sections"
	configure --disable-nls --disable-elf-shlibs --disable-debugfs --disable-imager \
		--disable-resizer --disable-defrag --disable-uuidd --disable-fsck --disable-tls \
		--disable-e2initrd-helper --disable-bmap-stats --disable-tdb --disable-fuse2fs \
		--disable-backtrace --enable-libuuid --enable-libblkid --without-libarchive
	make -j"$jobs" libs
	make -j"$jobs" -C misc mke2fs
	make -j"$jobs" -C e2fsck e2fsck
	"${triplet}strip" -o "$stage/bin/mke2fs" misc/mke2fs
	"${triplet}strip" -o "$stage/bin/e2fsck" e2fsck/e2fsck
}
