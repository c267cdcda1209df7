# The only build entry. `make help` prints the targets.

.DEFAULT_GOAL := all
SHELL := /bin/bash

ifeq ($(origin CC),default)
CC := gcc
endif
# SAN=1 builds with AddressSanitizer and UBSan; each kind of build has its own folder.
SAN ?=
FLAVOUR := $(notdir $(CC))$(if $(SAN),-san)
OBJ := build/$(FLAVOUR)

MSGPACK := $(shell pkg-config --exists msgpack-c 2>/dev/null && echo msgpack-c || echo msgpack)
PACKAGES := libwebsockets hiredis libpq $(MSGPACK) libutf8proc libcurl jansson libcrypto
# hiredis has TLS since 1.0, in a library of its own.
ifeq ($(shell pkg-config --exists hiredis_ssl 2>/dev/null && echo yes),yes)
PACKAGES += hiredis_ssl libssl
CPPFLAGS += -DDUEL_VALKEY_TLS
endif
# From git; in an archive that git made from what it wrote into deploy/version.txt.
VERSION := $(shell test -e .git && git describe --tags --always --dirty 2>/dev/null || \
	grep -v '^\$$Format' deploy/version.txt 2>/dev/null || echo unknown)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wundef \
	-Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wswitch-enum -Wvla \
	-Wformat=2 -Wnull-dereference -Werror
HARDENING := -fstack-protector-strong -fPIE -fcf-protection
ifneq ($(SAN),)
BUILD := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
else
BUILD := -O2 -g -D_FORTIFY_SOURCE=2
LINK_HARDENING := -pie -Wl,-z,relro,-z,now
endif

# The headers of libraries are not ours to warn about.
PKG_CFLAGS = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PACKAGES)))
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES)) -lev -lpthread
CPPFLAGS += -Iinclude -I. -I$(OBJ)/embed -D_GNU_SOURCE
CFLAGS_ALL = -std=c17 $(BUILD) $(WARNINGS) $(HARDENING) $(PKG_CFLAGS) $(CFLAGS)

SOURCES := $(wildcard duel/*/*.c protocol/*.c)
OBJECTS := $(SOURCES:%.c=$(OBJ)/%.o)
LIBRARY := $(OBJ)/libduel.a
# Files the binary carries in it: build/…/embed/<path>.inc holds their bytes as a C initialiser.
EMBEDDED := $(wildcard deploy/migrations/*.sql deploy/postgresql/*.sql deploy/valkey/*.lua loadtest/load/*.html)
EMBEDS := $(EMBEDDED:%=$(OBJ)/embed/%.inc)

SUPPORT := $(wildcard tests/sim/world/*.c)
SUPPORT_OBJECTS := $(SUPPORT:%.c=$(OBJ)/%.o)
# As an archive, so that a test takes from it only what it uses.
SUPPORT_LIBRARY := $(if $(SUPPORT),$(OBJ)/libworld.a)
# One program for each tests/<stage>/**/test_*.c, and tools beside them.
TEST_SOURCES := $(wildcard tests/unit/*/test_*.c tests/scenario/test_*.c tests/exhaustive/test_*.c \
	tests/sim/sim_*.c tests/fuzz/smoke_*.c tests/integration/c/test_*.c)
TEST_PROGRAMS := $(TEST_SOURCES:%.c=$(OBJ)/%)
BENCH_SOURCES := $(wildcard tests/bench/bench_*.c)
BENCH_PROGRAMS := $(BENCH_SOURCES:%.c=$(OBJ)/%)

# The load generator: it takes from the server's library only protocol/ and base.
LOAD_SOURCES := $(filter-out loadtest/load/main.c,$(wildcard loadtest/load/*.c))
LOAD_OBJECTS := $(LOAD_SOURCES:%.c=$(OBJ)/%.o)
LOAD_LIBRARY := $(if $(LOAD_SOURCES),$(OBJ)/libload.a)
LOAD_LIBS := $(PKG_LIBS) -lm
REFERENCES := $(OBJ)/relay-reference $(OBJ)/bare-reference

-include $(OBJECTS:.o=.d) $(OBJ)/duel/main.d $(TEST_PROGRAMS:=.d) $(BENCH_PROGRAMS:=.d)
-include $(SUPPORT_OBJECTS:.o=.d) $(LOAD_OBJECTS:.o=.d) $(OBJ)/loadtest/load/main.d
-include $(wildcard $(OBJ)/loadtest/reference/*.d)

.PHONY: all
all: build/duel-server build/duel-load ## build the server and the load generator

$(OBJ)/duel/main.o: CPPFLAGS += -DDUEL_VERSION='"$(VERSION)"'
$(OBJ)/duel/main.o: $(OBJ)/version
# Written anew only when the version is another one.
.PHONY: version
$(OBJ)/version: version
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@

$(OBJ)/%.o: %.c | $(EMBEDS)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

.SECONDARY: $(EMBEDS) $(SUPPORT_OBJECTS) $(REFERENCES:$(OBJ)/%-reference=$(OBJ)/loadtest/reference/%.o) \
	$(OBJ)/loadtest/reference/exchange.o
$(OBJ)/embed/%.inc: %
	@mkdir -p $(@D)
	@od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g' > $@

$(LIBRARY): $(OBJECTS)
	@echo "  AR    $@"
	@rm -f $@ && ar rcs $@ $^

$(OBJ)/duel-server: $(OBJ)/duel/main.o $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(BUILD) -o $@ $^ $(LINK_HARDENING) $(LDFLAGS) $(PKG_LIBS)

build/duel-server: $(OBJ)/duel-server
	@cp -f $< $@.new && mv -f $@.new $@

$(OBJ)/libload.a: $(LOAD_OBJECTS)
	@rm -f $@ && ar rcs $@ $^

$(OBJ)/duel-load: $(OBJ)/loadtest/load/main.o $(LOAD_LIBRARY) $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(BUILD) -o $@ $^ $(LINK_HARDENING) $(LDFLAGS) $(LOAD_LIBS)

build/duel-load: $(OBJ)/duel-load
	@cp -f $< $@.new && mv -f $@.new $@

# What the server is measured against.
$(OBJ)/%-reference: $(OBJ)/loadtest/reference/%.o $(OBJ)/loadtest/reference/exchange.o $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(BUILD) -o $@ $^ $(LINK_HARDENING) $(LDFLAGS) $(PKG_LIBS)

$(OBJ)/libworld.a: $(SUPPORT_OBJECTS)
	@rm -f $@ && ar rcs $@ $^

$(OBJ)/tests/%: tests/%.c $(SUPPORT_LIBRARY) $(LOAD_LIBRARY) $(LIBRARY)
	@mkdir -p $(@D)
	@echo "  TEST  $<"
	@$(CC) $(CPPFLAGS) -Itests $(CFLAGS_ALL) -MMD -MP -MF $@.d -o $@ $< $(SUPPORT_LIBRARY) $(LOAD_LIBRARY) $(LIBRARY) \
		$(LINK_HARDENING) $(LDFLAGS) $(LOAD_LIBS)

.PHONY: docs
docs: $(OBJ)/tests/unit/io/test_docs ## write the generated pages anew
	@$< --write

.PHONY: clean
clean: ## remove what was built (the local stack's data stays in .local)
	rm -rf build

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

# The local stack and the tests are scripts: they start processes, ask them whether they are there, and
# end them.
.PHONY: run
run: ## on a bare Debian: install, build, start everything, print the link to play on (BOTS=8, NODES=2)
	+@deploy/local/run

.PHONY: deps
deps: ## install what building and testing need, and say what
	@deploy/local/deps

.PHONY: test
test: ## every test, with sanitizers (SUITES="unit sim" for some of them)
	+@CC="$(CC)" tests/run $(SUITES)

.PHONY: test-all
test-all: ## also the other compiler, a Debian 13 root, and longer runs
	+@tests/run-all

.PHONY: image-check
image-check: ## what deploy/Dockerfile builds, built without Docker in Debian 13 roots, and tried
	@deploy/image-check

# Programs that tests of the wire drive.
PROBES := $(patsubst %.c,$(OBJ)/%,$(wildcard tests/integration/c/*_probe.c))

.PHONY: test-build
test-build: $(TEST_PROGRAMS) $(PROBES) $(REFERENCES) $(OBJ)/duel-server $(OBJ)/duel-load

.PHONY: print-obj
print-obj:
	@echo $(OBJ)

# What is not given is left to the program: `loadtest/chaos.mjs --help`.
.PHONY: chaos
chaos: build/duel-server ## kill, freeze and empty things under live matches (SECONDS= MATCHES= KILL_EVERY= SEED= MODE=crash|rolling)
	@deploy/local/deps
	@deploy/local/packages
	@node loadtest/chaos.mjs $(if $(MODE),--mode $(MODE)) $(if $(SECONDS),--seconds $(SECONDS)) \
		$(if $(KILL_EVERY),--every $(KILL_EVERY)) $(if $(MATCHES),--matches $(MATCHES)) \
		$(if $(NODES),--nodes $(NODES)) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY)) \
		$(if $(OFF),--off $(OFF))

.PHONY: bench
bench: ## the figures: ratios and counts of a few minutes, nothing that fails for being slow (ONLY=core,storm)
	+@tests/run-bench $(if $(ONLY),--only $(ONLY))

.PHONY: bench-full
bench-full: ## the same at the sizes that were asked for: about an hour
	+@tests/run-bench --full $(if $(ONLY),--only $(ONLY))

.PHONY: bench-build
bench-build: $(BENCH_PROGRAMS) $(OBJ)/tests/sim/sim_hub $(OBJ)/duel-server $(OBJ)/duel-load $(REFERENCES)
