# Go and make are enough for `make shop` and `make test`. Each module is built as its importers build it, without go.work.
GO             ?= go
MODULES        := $(shell sed 's/[ \#].*//' modules.txt)
export GOWORK  := off
export GOFLAGS := $(strip $(shell $(GO) env GOFLAGS) -buildvcs=false)
export GOLD_DATA ?= $(wildcard $(CURDIR)/.data)

# $(call each,COMMAND) runs the command in every module and stops at the first that fails.
each = @for m in $(MODULES); do echo "== $@: $$m"; (cd $$m && $(1)) || exit 1; done
# The race detector needs a C compiler that works and a platform that has it.
race = $$($(GO) build -race runtime/cgo >/dev/null 2>&1 && echo -race)

.NOTPARALLEL:
.PHONY: help check test race faults fuzz bench rivals cover api shop accuracy data fmt clean format vet fix staticcheck tidy build cross plain once

help: ## these words
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile

check: format vet fix staticcheck tidy build cross test plain once ## everything a change must pass

test: bin/testall ## every module's tests, with the race detector where a C compiler is present
	@flags="-shuffle=on $(race)"; case $$flags in *-race) ;; *) echo "no C compiler: without the race detector";; esac; \
	bin/testall $(MODULES) -- $$flags

race: bin/testall ## the tests under the race detector, on one processor and on four
	bin/testall $(MODULES) -- -race -shuffle=on -cpu=1,4

FAULT ?=
faults: bin/mutants ## plant the faults of every testdata/faults.txt that match FAULT (all): a test must notice each
	@bin/mutants -run '$(FAULT)'

FUZZTIME ?= 10s
fuzz: ## every fuzz target for FUZZTIME (10s)
	$(call each,for p in $$($(GO) list ./...); do for f in $$($(GO) test -list ^Fuzz $$p | sed -n /^Fuzz/p); do \
		echo "$$p $$f" && $(GO) test -run '^$$' -fuzz "^$$f"'$$' -fuzztime $(FUZZTIME) $$p || exit 1; done; done)

BENCH ?= .
COUNT ?= 1
bench: ## the benchmarks that match BENCH (all), COUNT (1) times
	$(call each,$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -count=$(COUNT) ./...)

rivals: ## build what is measured beside gold; needs a C++ compiler, libhnswlib-dev, libopenblas-dev
	$(MAKE) -C benchmarks/rivals

cover: ## how much of each package its tests reach
	$(call each,$(GO) test -cover ./...)

# The exit code tells whether it ran, not whether anything changed: that is for the reader to judge.
api: ## how the public API of the released modules differs from that of REV (the last tag)
	@rev=$(REV); : $${rev:=$$(git describe --tags --abbrev=0 2>/dev/null)}; \
	[ -n "$$rev" ] || { echo "no tag to compare with: say make $@ REV=..."; exit 1; }; \
	old=$$(mktemp -d) && trap 'rm -rf "$$old"' EXIT && git archive "$$rev" | tar -x -C "$$old" && \
	for m in $$(sed -n 's/ *released$$//p' modules.txt); do \
		path=$$(cd $$m && $(GO) list -m) && echo "== $@: $$path since $$rev" && \
		(cd "$$old/$$m" && $(APIDIFF) -m -w "$$old/api" $$path) && (cd $$m && $(APIDIFF) -m "$$old/api" $$path) || exit 1; done
APIDIFF = $(GO) tool -modfile=$(CURDIR)/tools/go.mod apidiff

shop: ## build the reference shop and start it; ARGS are its flags
	$(GO) build -C examples -o ../bin/shop ./shop
	@exec bin/shop $(ARGS)

accuracy: ## the tables of docs/accuracy.md, of the data sets that make data has unpacked; takes some 20 minutes
	$(GO) build -C examples -o ../bin/evaluate ./evaluate
	@exec bin/evaluate tables -data "$(GOLD_DATA)"

data: ## unpack the public data sets that lie beside the checkout into .data
	bash ../shared/data/unpack .data
	bash ../shared/data/unpack .data glove100

fmt: ## format, and apply what go fix suggests
	$(call each,$(GO) fix ./...)
	$(GOFMT) -w .

clean: ## remove what was built and unpacked
	rm -rf bin .data

EMULATOR = qemu-aarch64-static

# The parts of check. Only the race detector needs cgo; without it the parts share what they compile.
vet fix staticcheck build cross once: export CGO_ENABLED = 0

GOFMT = "$(shell $(GO) env GOROOT)/bin/gofmt"
format:
	@echo "== $@"; out=$$($(GOFMT) -l .) && if [ -n "$$out" ]; then echo "make fmt would change:"; echo "$$out"; exit 1; fi

vet:
	$(call each,$(GO) vet ./...)

fix:
	$(call each,$(GO) fix -diff ./...)

staticcheck:
	$(call each,$(GO) tool -modfile=$(CURDIR)/tools/go.mod staticcheck ./...)

tidy:
	$(call each,$(GO) mod tidy -diff)

build:
	$(call each,$(GO) build -o /dev/null ./...)

# Assembly for another processor, no assembly at all, and int of 32 bits. The assembly is run where an emulator is.
cross:
	@for a in arm64 riscv64 386; do echo "== $@: GOARCH=$$a"; \
	GOARCH=$$a $(GO) build -o /dev/null ./... && GOARCH=$$a $(GO) vet ./... || exit 1; done
	@if command -v $(EMULATOR) >/dev/null; then GOARCH=arm64 $(GO) test -exec $(EMULATOR) ./internal/simd ./internal/linalg; \
	else echo "no $(EMULATOR) (package qemu-user-static): the assembly for arm64 is not run"; fi

plain: # what is too slow under the race detector
	$(GO) test ./ann

once: # every benchmark, one round: that they run, not how fast
	$(call each,$(GO) test -run '^$$' -bench . -benchtime=1x ./...)

bin/testall: tools/testall/main.go
	@$(GO) build -C tools -o ../bin/testall ./testall

bin/mutants: $(wildcard tools/mutants/*.go)
	@$(GO) build -C tools -o ../bin/mutants ./mutants
