# SPDX-License-Identifier: GPL-2.0-or-later
"""The unit tests: which lines each runs, and whether one of them notices a mutant."""
import glob, hashlib, json, os, re, resource, signal, subprocess, sys, tempfile, threading

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TREE = 'build/mutate/host'
# tests of files write and flush them: memory does as well as a disk
SCRATCH = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
# no code of formats, and seconds
LEFT_OUT = {'test_ublk', 'test_launch', 'test_negotiate'}
# slow: by the format they test, and the part of their power cuts that is tried first
SLOW = {'test_flat_crash': 'raw', 'test_qcow2_repair': 'qcow2', 'test_vmdk_crash': 'vmdk', 'test_vdi': 'vdi', 'test_vhd_crash': 'vhd',
        'test_qcow2_crash': 'qcow2', 'test_vhdx_crash': 'vhdx', 'test_mutated': '', 'test_faults': ''}
LINK = {'test_faults': ['-Wl,' + ','.join('--wrap=' + c for c in (
    'malloc calloc realloc reallocarray strdup pread64 pwrite64 fdatasync ftruncate64 fallocate64').split())]}
# what was not set is seldom zero
CHECKED = {'MALLOC_PERTURB_': '165'}
PART = {'CRASH_DIVISOR': '12', 'FAULT_PART': '20'}


def test_source(name):
    """The files of the unit tests called so; '*': of all."""
    return glob.glob(f'{TOP}/tests/unit/vdattach/*/test_{name.removeprefix("test_")}.c')


def unit_tests():
    names = sorted(os.path.basename(p)[:-2] for p in test_source('*'))
    return [t for t in names if t not in LEFT_OUT]


class Cover:
    """Which test runs which line, and how long each takes: measured again for what changed since."""
    STORE = f'{TOP}/build/mutate/cover.json'

    def __init__(self, jobs):
        names = glob.glob(f'{TOP}/applets/vdattach/**/*.[ch]', recursive=True)
        self.product = {os.path.relpath(p, TOP): self.state([p]) for p in names}
        self.headers = self.state(p for p in names if p.endswith('.h'))
        stored = json.load(open(self.STORE)) if os.path.exists(self.STORE) else {}
        self.parts = {t: stored[t] for t in unit_tests() if self.is_valid(t, stored.get(t))}
        missing = [t for t in unit_tests() if t not in self.parts]
        if missing:
            print(f'measuring which lines {len(missing)} tests run', flush=True)
            out = subprocess.run([f'{TOP}/tests/coverage/run', f'-j{jobs}', '--lines', *missing], cwd=TOP, env=dict(os.environ, **PART),
                                 stdout=subprocess.PIPE, text=True, check=True).stdout
            for t, part in json.loads(out).items():
                self.parts[t] = dict(part, own=self.state(self.sources(t)), headers=self.headers,
                                     product={p: self.product[p] for p in part['files'] if p in self.product})
            os.makedirs(os.path.dirname(self.STORE), exist_ok=True)
            json.dump(self.parts, open(self.STORE, 'w'))
        self.seconds = {t: part['seconds'] for t, part in self.parts.items()}

    def is_valid(self, test, part):
        """Nothing changed of what the test is, and of the files that it runs."""
        return (part and part['headers'] == self.headers and part['own'] == self.state(self.sources(test)) and
                all(self.product.get(p) == part['product'][p] for p in part['product'] if part['files'][p]['run']))

    @staticmethod
    def state(paths):
        return hashlib.sha256(b'\0'.join(open(p, 'rb').read() for p in sorted(paths))).hexdigest()

    @staticmethod
    def sources(test):
        """Its file, and the helpers that it includes."""
        todo, found = test_source(test), []
        while todo:
            p = todo.pop()
            if p in found or not os.path.exists(p):
                continue
            found.append(p)
            for header in re.findall(r'#include "(tests/[^"]+)\.h"', open(p).read()):
                todo += [f'{TOP}/{header}.h', f'{TOP}/{header}.c']
        return found

    @staticmethod
    def runs(part, name, first, last):
        """Whether it runs one of these lines, or one beside them in the function: a statement has many lines, and one is counted."""
        f = part['files'].get(name)
        if not f:
            return False
        inside = [g for g in f['functions'] if g[0] <= first <= g[1]]
        if not inside:
            return bool(f['run'])
        begin, end = inside[0]
        near = [n for n in f['lines'] if first <= n <= last]
        near += [n for n in f['lines'] if begin <= n < first][-1:] + [n for n in f['lines'] if last < n <= end][:1]
        return bool(set(near) & set(f['run']))

    def tests(self, name, first, last):
        return {t for t, part in self.parts.items() if self.runs(part, name, first, last)}


class Tests:
    def __init__(self, limit, quick, jobs):
        self.limit, self.quick = limit, quick
        self.cover, self.objects, self.lock = Cover(jobs), {}, threading.Lock()
        env = dict(os.environ, CFLAGS='-O1 -g0 -w')
        libs = [f'{TREE}/lib{n}.a' for n in ('test-vdattach', 'test-common', 'vdattach')]
        self.run_tool(['make', '-s', '-j2', 'O=build/mutate', *libs], env=env)
        pkgs = 'zlib libzstd liblzma liblz4 lzo2'.split()
        self.libs = libs + subprocess.check_output(['pkg-config', '--libs', *pkgs], text=True).split()
        self.libs += ['-lpthread', '-lcmocka']
        version = open(f'{TOP}/VERSION').read().strip()
        self.cc = ['gcc', '-I.', '-D_GNU_SOURCE', '-D_FILE_OFFSET_BITS=64', f'-DVERSION="{version}"', '-O1', '-std=gnu11', '-w']
        self.programs = []
        for name in unit_tests():
            source, out = test_source(name)[0], f'{TREE}/{name}.o'
            if not os.path.exists(f'{TOP}/{out}') or os.path.getmtime(f'{TOP}/{out}') < self.newest(source):
                self.run_tool([*self.cc, '-c', '-o', out, os.path.relpath(source, TOP)])
            self.programs.append((name, LINK.get(name, [])))

    @staticmethod
    def newest(source):
        return max(os.path.getmtime(p) for p in [source, *glob.glob(f'{TOP}/tests/unit/vdattach/*/*.h'),
                                                 *glob.glob(f'{TOP}/applets/vdattach/**/*.h', recursive=True)])

    @staticmethod
    def run_tool(command, env=None):
        done = subprocess.run(command, cwd=TOP, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}:\n{done.stdout[-2000:]}")

    def compile(self, text, out):
        with open(out + '.c', 'w') as f:
            f.write(text)
        r = subprocess.run([*self.cc, '-frandom-seed=0', '-c', '-o', out, out + '.c'], cwd=TOP, stderr=subprocess.DEVNULL)
        if r.returncode:
            return None
        subprocess.run(['objcopy', '--strip-unneeded', '-R', '.comment', out, out + '.bare'], check=True)
        return open(out + '.bare', 'rb').read()

    def unchanged(self, name, text, scratch):
        with self.lock:
            if name not in self.objects:
                self.objects[name] = self.compile(text, scratch + '/before.o')
            return self.objects[name]

    @staticmethod
    def confine(seconds):
        def limits():
            os.setsid()
            resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
            resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 30, 2 << 30))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        return limits

    def passes(self, program, scratch, env, seconds):
        p = subprocess.Popen([program], cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, preexec_fn=self.confine(seconds),
                             env=dict(os.environ, TMPDIR=scratch, CMOCKA_TEST_ABORT='1', **CHECKED, **env))
        try:
            return p.wait(self.limit) == 0
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
            return False

    def order(self, name, first, last):
        """Programs that run these lines, those of the same format first, with their environment and seconds of the processor."""
        part = name.split('/')[3].replace('.c', '') if '/format/' in name else ''
        part = part if any(part == f for f in SLOW.values()) else ''
        runs = self.cover.tests(name, first, last)
        seconds = self.cover.seconds
        tests = [t for t in self.programs if t[0] in runs]
        quick = sorted((t for t in tests if t[0] not in SLOW), key=lambda t: (not part or part not in t[0], seconds[t[0]]))
        slow = sorted((t for t in tests if t[0] in SLOW), key=lambda t: (part and SLOW[t[0]] not in (part, ''), seconds[t[0]]))
        whole = [] if self.quick else [t for t in slow if 'crash' in t[0] or t[0] == 'test_vdi']
        return ([(t, PART if t in slow else {}, 5 + int(8 * seconds[t[0]])) for t in quick + slow] +
                [(t, {}, self.limit) for t in whole])

    def judge(self, mutant):
        text = open(f"{TOP}/{mutant['file']}").read()
        last = mutant['line'] + text.count('\n', mutant['a'], mutant['b'])
        with tempfile.TemporaryDirectory(dir=SCRATCH) as scratch:
            before = self.unchanged(mutant['file'], text, scratch)
            after = self.compile(text[:mutant['a']] + mutant['new'] + text[mutant['b']:], scratch + '/mutant.o')
            if after is None or after == before:
                return ('invalid' if after is None else 'same code'), ''
            linked = set()
            for (test, link), env, seconds in self.order(mutant['file'], mutant['line'], last):
                program = f'{scratch}/{test}'
                if test not in linked:
                    r = subprocess.run(['gcc', *link, '-o', program, f'{TREE}/{test}.o',
                                        scratch + '/mutant.o', *self.libs], cwd=TOP, stderr=subprocess.DEVNULL)
                    if r.returncode:
                        return 'invalid', test
                    linked.add(test)
                if not self.passes(program, scratch, env, seconds):
                    return 'killed', test
            return 'survived', '' if linked else '(no test runs it)'
