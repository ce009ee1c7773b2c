# SPDX-License-Identifier: GPL-2.0-or-later
BINDIR := $(DESTDIR)$(PREFIX)/sbin
LIBEXECDIR := $(DESTDIR)$(PREFIX)/libexec/mkvinitrd
DATADIR := $(DESTDIR)$(PREFIX)/share/mkvinitrd
VIMDIR := $(DESTDIR)$(PREFIX)/share/vim/vimfiles
MANDIR := $(DESTDIR)$(PREFIX)/share/man
SUBCOMMANDS := vm pxe usb frugal iso uki pack update
# of the subcommands; the others in that directory are for building
COMMAND_LIBRARIES := $(filter-out debian-% musl-% setup.sh apt-faults.sh,$(patsubst scripts/lib/%,%,$(wildcard scripts/lib/*.sh scripts/lib/*/*.sh)))

install: all
	install -D -m 755 $(HOST)/mkvinitrd $(BINDIR)/mkvinitrd
	install -d $(LIBEXECDIR)/applets/$(ARCH) $(DATADIR)/profiles $(DATADIR)/presets $(DATADIR)/skel
	install -m 755 $(TARGET_PROGRAMS) $(LIBEXECDIR)/applets/$(ARCH)
	install -m 755 $(wildcard $(SUBCOMMANDS:%=scripts/%)) scripts/profile-edit $(LIBEXECDIR)
	for library in $(COMMAND_LIBRARIES); do \
		install -D -m 644 scripts/lib/$$library $(LIBEXECDIR)/lib/$$library || exit; \
	done
	install -m 644 profiles/*.profile $(DATADIR)/profiles
	install -m 644 presets/*.preset $(DATADIR)/presets
	cp -R --no-preserve=ownership skel/. $(DATADIR)/skel
	chmod -R u=rwX,go=rX $(DATADIR)/skel
	for page in $(MAN); do \
		install -D -m 644 $$page $(MANDIR)/man$${page##*.}/$${page##*/}; \
	done
	install -D -m 644 docs/completion/mkvinitrd.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mkvinitrd
	install -D -m 644 docs/completion/_mkvinitrd $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_mkvinitrd
	install -D -m 644 docs/editors/mkvinitrd.vim $(VIMDIR)/syntax/mkvinitrd.vim
	install -D -m 644 docs/editors/mkvinitrd-detect.vim $(VIMDIR)/ftdetect/mkvinitrd.vim
	install -D -m 644 docs/editors/mkvinitrd.nanorc $(DESTDIR)$(PREFIX)/share/nano/mkvinitrd.nanorc

# What install makes, of every ARCH; profiles in /etc and caches are the user's.
uninstall:
	rm -f $(BINDIR)/mkvinitrd $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mkvinitrd \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_mkvinitrd \
		$(VIMDIR)/syntax/mkvinitrd.vim $(VIMDIR)/ftdetect/mkvinitrd.vim $(DESTDIR)$(PREFIX)/share/nano/mkvinitrd.nanorc \
		$(foreach page,$(notdir $(MAN)),$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(page))
	rm -rf $(LIBEXECDIR) $(DATADIR)

.PHONY: install uninstall

# Debian packages in $(O)/deb, of what is built in $(O): nothing is compiled twice. Warnings of lintian are errors.
deb: all
	rm -rf $(O)/deb
	mkdir -p $(O)/deb/mkvinitrd
	tar -c --exclude=./.git --exclude=./build --exclude=$(O) . | tar -x -C $(O)/deb/mkvinitrd
	cd $(O)/deb/mkvinitrd && O=$(abspath $(O)) dpkg-buildpackage -b -us -uc -d -nc
	lintian --allow-root --fail-on error,warning --profile debian $(O)/deb/*.changes

.PHONY: deb
