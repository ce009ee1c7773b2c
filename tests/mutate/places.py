# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the C code can be changed, and into what."""
import glob, os, re

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WHERE = ['format/*.c', 'format/*/*.c', 'image/*.c', 'source/source.c', 'source/file.c']
OPERATORS = ['flush', 'swap', 'boundary', 'drop', 'always']


def code_only(text):
    """Comments, strings and preprocessor lines as spaces."""
    def blank(m):
        return re.sub(r'[^\n]', ' ', m.group())
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)
    return re.sub(r'^#(?:[^\n\\]|\\\n)*', blank, text, flags=re.M)


def closing(code, at):
    """Behind the parenthesis that closes the one at `at`."""
    depth = 0
    for i in range(at, len(code)):
        depth += {'(': 1, ')': -1}.get(code[i], 0)
        if depth == 0:
            return i + 1
    return len(code)


def operands(cond):
    """Where the operands of && and || are that are in no parentheses: [(begin, end, operator before)]."""
    parts, depth, begin, op, i = [], 0, 1, None, 1
    while i < len(cond) - 1:
        depth += {'(': 1, ')': -1}.get(cond[i], 0)
        if depth == 0 and cond[i:i + 2] in ('&&', '||'):
            parts.append((begin, i, op))
            op, begin, i = cond[i:i + 2], i + 2, i + 1
        i += 1
    return parts + [(begin, len(cond) - 1, op)]


def flushes(text, code):
    for x in re.finditer(r'(?<=[\t ()!])((?:\w+(?:->|\.))*\w*(?:flush|sync|commit)\w*)\(', code):
        # not a definition
        if code[code.rfind('\n', 0, x.start()) + 1] == '\t':
            yield x.start(), closing(code, x.end() - 1), '0'


def independent(one, other):
    """Whether the order of two statements means nothing: both only free memory, or each only sets what the other does not name."""
    freed = [re.match(r'\w*(?:free|release|close)\w*\(&?([^;]*)\);', s) for s in (one, other)]
    if all(freed):
        a, b = (m.group(1) for m in freed)
        return not (a + '->').startswith(b + '->') and not (b + '->').startswith(a + '->')
    sides = [re.split(r' [-+|&]?= ', s, maxsplit=1) for s in (one, other)]
    pure = r'(?:\b(?:MIN|MAX|sizeof|[cm]alloc|(?:get|put)_[bl]e\d+|\w+_(?:new|of))\()|\((?:\w+ )*\w+ ?\**\)'
    if any(len(s) != 2 or re.search(r'\w\(', re.sub(pure, '', s[1])) for s in sides):
        return False
    (a, x), (b, y) = sides
    return not any(re.search(rf'(?<![\w.>]){re.escape(n)}(?!\w)', m) for n, m in ((a, b + ' ' + y), (b, a + ' ' + x)))


def swaps(text, code):
    call = r'(?:\w+ = )?[\w>.\[\]-]+\([^;{}]*\);|[\w>.\[\]-]+ [-+|&]?= [^;{}]+;'
    for x in re.finditer(rf'(?<=[;{{}}]\n)(\t+)(?=({call})\n\1({call})\n)', code):
        a, b = x.end(), x.start(3)
        if independent(x.group(2), x.group(3)):
            continue
        yield a, x.end(3), text[b:x.end(3)] + text[x.end(2):b] + text[a:x.end(2)]
    for x in re.finditer(r'(?=(?:r = )(?!0;)([^;{}]+\));\s+if \(r == 0\)\s+r = ([^;{}]+\));)', code):
        first = text[x.start(1):x.end(1)]
        yield x.start(1), x.end(2), text[x.start(2):x.end(2)] + text[x.end(1):x.start(2)] + first


def boundaries(text, code):
    for x in re.finditer(r'(?<= )([<>]=?)(?= )', code):
        yield x.start(), x.end(), x.group()[0] if x.group().endswith('=') else x.group() + '='
    for x in re.finditer(r'(?<![\w.])(0[xX][0-9a-fA-F]+|[1-9][0-9]*)[uUlL]*\b(?!\.)', code):
        for sign in '+-':
            yield x.start(), x.end(), f'({x.group()} {sign} 1)'


def conditions(code):
    for x in re.finditer(r'\b(?:if|while) (\()', code):
        yield x.start(1), closing(code, x.start(1)), x.group().startswith('if')


def drops(text, code):
    for a, b, is_if in conditions(code):
        parts = operands(code[a:b])
        if is_if:
            yield a, b, f'({text[a:b]} && 0)'
        for begin, end, op in parts if len(parts) > 1 else []:
            other = op or next(p[2] for p in parts if p[2])
            neutral = '1' if other == '&&' else '0'
            yield a + begin, a + end, f' (({text[a + begin:a + end].strip()}), {neutral}) '


def always(text, code):
    for a, b, is_if in conditions(code):
        if is_if:
            yield a, b, f'({text[a:b]} || 1)'


KINDS = {'flush': flushes, 'swap': swaps, 'boundary': boundaries, 'drop': drops, 'always': always}


def all_sites(pattern):
    sites = {op: [] for op in OPERATORS}
    for where in WHERE:
        for path in sorted(glob.glob(f'{TOP}/applets/vdattach/{where}')):
            name = os.path.relpath(path, TOP)
            if not re.search(pattern, name):
                continue
            text = open(path).read()
            code = code_only(text)
            for op in OPERATORS:
                seen = set()
                for a, b, new in KINDS[op](text, code):
                    if (a, b, new) not in seen:
                        seen.add((a, b, new))
                        line = text.count('\n', 0, a) + 1
                        sites[op].append(dict(op=op, file=name, line=line, a=a, b=b, new=new))
    return sites
