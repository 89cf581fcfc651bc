# Copyright 2026 The ovskit Authors
# SPDX-License-Identifier: Apache-2.0

.DEFAULT_GOAL := help
SHELL := /bin/bash

GO       ?= go
# How the demo finds its switch: auto, real or fake.
SWITCH   ?= auto
# Which comparisons to run, a regular expression on their names.
RUN      ?= .
# How many interleaved pairs a comparison takes.
PAIRS    ?= 20
# How long each fuzz target runs.
FUZZTIME ?= 30s
# Tests that may not be skipped: a list out of pure,sandbox,system,kernel. Empty: what the machine lacks is skipped.
OVSKIT_REQUIRE ?=
export OVSKIT_REQUIRE

STATICCHECK = $(GO) tool -modfile=internal/tools/go.mod staticcheck

# The Debian packages behind each program that a target runs; only root installs them, and only what is missing.
DEMO_PROGRAMS = ovs-vswitchd:openvswitch-switch
SCHEMA_PROGRAMS = ovn-northd:ovn-central
NODE_PROGRAMS = $(DEMO_PROGRAMS) ip:iproute2 ping:iputils-ping nft:nftables iptables:iptables
TEST_PROGRAMS = $(NODE_PROGRAMS) gcc:gcc $(SCHEMA_PROGRAMS) qemu-system-x86_64:qemu-system-x86
BENCH_PROGRAMS = $(NODE_PROGRAMS) gcc:gcc iperf3:iperf3

# Where the guest of tier kernel has its kernel: boot/vmlinuz-VERSION and lib/modules/VERSION.
OVSKIT_GUEST ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ovskit/guest
export OVSKIT_GUEST
GUEST_PACKAGE = ./internal/guest

# install_missing PROGRAM:PACKAGE...
define install_missing
@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	missing=; \
	for p in $(1); do PATH=$$PATH:/usr/sbin:/sbin command -v $${p%%:*} >/dev/null || missing="$$missing $${p##*:}"; done; \
	if [ -n "$$missing" ]; then \
		echo "installing$$missing"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi; \
fi
endef

# fetch_kernel unpacks Debian's cloud kernel for the guest. It is not installed: this machine goes on with its own.
define fetch_kernel
@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && [ "$$(dpkg --print-architecture)" = amd64 ] && \
	! ls $(OVSKIT_GUEST)/boot/vmlinuz-* >/dev/null 2>&1; then \
	set -e; dir=$$(mktemp -d); trap "rm -rf $$dir" EXIT; cd $$dir; \
	package() { apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p'; }; \
	[ -n "$$(package)" ] || apt-get update -qq; \
	echo "fetching $$(package) for the guest"; \
	apt-get -o APT::Sandbox::User=root download -qq "$$(package)" >/dev/null; \
	dpkg-deb -x *.deb x; find x -name '*.ko.xz' -exec xz -d {} +; \
	mkdir -p $(OVSKIT_GUEST)/boot $(OVSKIT_GUEST)/lib/modules; \
	cp -r --preserve=timestamps x/lib/modules/* $(OVSKIT_GUEST)/lib/modules; \
	cp --preserve=timestamps x/boot/vmlinuz-* $(OVSKIT_GUEST)/boot; \
fi
endef

.PHONY: help demo test lint bench fuzz generate build
help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## the main job, on a real Open vSwitch if you are root, else on the embedded fake (SWITCH=auto|real|fake)
	$(call install_missing,$(DEMO_PROGRAMS))
	@$(GO) run ./cmd/ovskit demo --switch $(SWITCH)

test: lint ## every test; what the machine lacks is skipped with its reason (OVSKIT_REQUIRE=all: fails instead)
	$(call install_missing,$(TEST_PROGRAMS))
	$(call fetch_kernel)
	@race=; if command -v "$$($(GO) env CC)" >/dev/null; then race=-race; fi; \
	export PATH=$$PATH:/usr/sbin:/sbin; set -x; \
	$(GO) test $$race -timeout 15m $$($(GO) list ./... | grep -v $(GUEST_PACKAGE:.%=%)\$$) && \
	$(GO) test $$race -timeout 15m $(GUEST_PACKAGE) # by itself: it keeps all processors busy

lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l .); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(STATICCHECK) ./...

bench: ## comparisons with other ways of doing the same; prints "ratio NAME VALUE" (RUN=regexp PAIRS=20)
	$(call install_missing,$(BENCH_PROGRAMS))
	PATH=$$PATH:/usr/sbin:/sbin $(GO) test -run '^$$' -bench 'Compare/$(RUN)' -benchtime $(PAIRS)x -timeout 60m ./bench

fuzz: ## every fuzz target for FUZZTIME each
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x $$pkg; \
		done; \
	done

generate: ## everything that is generated from something else
	$(call install_missing,$(SCHEMA_PROGRAMS))
	$(GO) generate ./...

build: ## bin/ovskit
	$(GO) build -o bin/ovskit ./cmd/ovskit
