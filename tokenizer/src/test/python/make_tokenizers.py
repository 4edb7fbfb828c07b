"""Makes the small tokenizers of src/test/resources/tokenizers, and what Hugging Face `tokenizers` answers for them.

    python make_tokenizers.py TRAINING_TEXT OUT_DIRECTORY

Between them they use every kind of stage, so that a clone without the large reference vocabularies still tests
each one. Vocabularies are trained here on TRAINING_TEXT; nothing is taken from a published tokenizer. The format
of expected.json: lists of cases (encode and decode), pairs, pretokenized, decode, stream, truncation, padding;
offsets are code points.
"""
import base64, json, os, random, struct, sys
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from tokenizers.decoders import DecodeStream

TEXTS = [
    "", " ", "   ", "\n", "\r\n\r\n", " \t \n \r\n  ", "a", "hello", " hello", "hello ", "Hello, world!",
    "The keeper climbed two hundred and twelve steps, twice a day.",
    "I'm sure they'LL say we've done it; he'd know, 'tis, don't, O'Neill's",
    "it'\u017f a \u212aelvin", "Wait... what?!?! --- no!!! (really) [ok] <tag/> ~~~",
    "1 12 123 1234 12345 3.14 \u0661\u0662\u0663 \u00bd \u2167", "getHTTPResponseCode SCREAMING_SNAKE abc123def",
    "def add(a, b):\n    return a + b\n\n\n  # end", "http://www.example.com/a_b?c=1&d=2#e",
    "Stra\u00dfe gr\u00f6\u00dfer \u00c4pfel STRASSE", "caf\u00e9 cafe\u0301 \u00c5 A\u030a \u212b s\u0323\u0307 s\u0307\u0323",
    "\u0130stanbul \u0131\u015f\u0131k \u0394\u039f\u039e\u0391\u03a3", "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440!",
    "\u4eca\u5929\u5929\u6c14\u5f88\u597d\u3002OK\uff1f", "\u79c1\u306f\u30ab\u30fc\u3069 \u304b\u3099",
    "\uc548\ub155 \u1112\u1161\u11ab", "\u05e9\u05dc\u05d5\u05dd \u0628\u0650\u0633\u0652\u0645", "\u0928\u092e\u0938\u094d\u0924\u0947 \u0e04\u0e33",
    "\U0001f600\u2764\ufe0f \U0001f469\U0001f3fd\u200d\U0001f680\U0001f1eb\U0001f1f7", "\U0001d54f\U00020000 x",
    "\ufb01n \u2460 \uff21\uff22 \u2122 \uff76\uff9e", "a\u200bb\u00adc\ufeffd\u0000e\u0007f\u0085g", "no\u00a0break\u3000wide\u2028line",
    "bad \ufffd byte \ue000 \u0378", "\u2581a \u2581\u2581 \u0120b", "<0x41> ##ing </w>", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "<s>one</s> two <mask> three[MASK]four <pad>", "  <mask>  the  [SEP][CLS]", "the|sea|and|the|ships",
]
PAIRS = [("Who asked?", "The girl who brought the bread."), ("", "b"), ("a", ""), ("the sea", " the weather "),
         ("The cat sat. " * 4, "A dog ran! " * 5)]
WORDS = [["The", "keeper's", "ledger", ""], ["one word", " two", "<s>"], []]
LONG = "He wrote down the ships that passed, the birds that rested, and the number of steps he had climbed."


def charsmap(rules):
    """A SentencePiece charsmap: a double-array prefix tree over UTF-8 bytes, then the zero-terminated replacements."""
    texts, trie = b"", {}
    for source, target in sorted(rules.items()):
        node = trie
        for b in source.encode():
            node = node.setdefault(b, {})
        node[None] = len(texts)
        texts += target.encode() + b"\0"
    units, used = {}, set()

    def place(node, at, label):
        children = sorted(b for b in node if b is not None)
        keys = ([0] if None in node else []) + children
        offset = 1
        while not (offset ^ at) or any((at ^ offset ^ k) in used or (at ^ offset ^ k) == 0 for k in keys):
            offset += 1
        assert offset < 1 << 21
        base = at ^ offset
        used.update(base ^ k for k in keys)
        units[at] = label | offset << 10 | (1 << 8 if None in node else 0)
        if None in node:
            units[base] = node[None] | 1 << 31
        for b in children:
            place(node[b], base ^ b, b)

    used.add(0)
    place(trie, 0, 0)
    size = max(units) + 256
    return struct.pack("<I", 4 * size) + b"".join(struct.pack("<I", units.get(i, 0)) for i in range(size)) + texts


CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + REST
QWEN = CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + REST
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
GPT4O = (r"[^\r\n\p{L}\p{N}]?" + UPPER + "*" + LOWER + "+" + CONTRACTION + r"?|[^\r\n\p{L}\p{N}]?" + UPPER + "+" + LOWER
         + "*" + CONTRACTION + r"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
BYTES = pre_tokenizers.ByteLevel.alphabet()
FALLBACK = ["<0x%02X>" % b for b in range(256)]


def template(tok, single, pair):
    names = sorted({p.split(":")[0] for p in (single + " " + pair).split() if not p.startswith("$")})
    return processors.TemplateProcessing(single=single, pair=pair, special_tokens=[(n, tok.token_to_id(n)) for n in names])


class Maker:
    def __init__(self, lines):
        self.lines = lines

    def train(self, model, trainer, normalizer=None, pre=None, decoder=None):
        tok = Tokenizer(model)
        if normalizer is not None:
            tok.normalizer = normalizer
        if pre is not None:
            tok.pre_tokenizer = pre
        tok.train_from_iterator(self.lines, trainer)
        if decoder is not None:
            tok.decoder = decoder
        return tok

    def bpe(self, size, special, alphabet=(), **options):
        names = ("continuing_subword_prefix", "end_of_word_suffix", "limit_alphabet")
        extra = {k: options.pop(k) for k in names if k in options}
        return models.BPE(**options), trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=list(alphabet),
                                                          show_progress=False, **extra)

    def byte_level(self):
        tok = self.train(*self.bpe(500, ["<s>", "<pad>", "</s>", "<mask>"], BYTES), pre=pre_tokenizers.ByteLevel(add_prefix_space=True),
                         decoder=decoders.ByteLevel())
        tok.post_processor = processors.ByteLevel(trim_offsets=True, add_prefix_space=True)
        return tok

    def roberta(self):
        tok = self.train(*self.bpe(500, ["<s>", "<pad>", "</s>"], BYTES), pre=pre_tokenizers.ByteLevel(add_prefix_space=False),
                         decoder=decoders.ByteLevel())
        tok.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=True)])
        tok.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
        return tok

    def llama3(self):
        pre = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
                                       pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
        tok = self.train(*self.bpe(600, [], BYTES, ignore_merges=True), pre=pre, decoder=decoders.ByteLevel())
        tok.add_special_tokens(["<s>", "</s>"])
        tok.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template(tok, "<s> $A", "<s> $A <s>:1 $B:1")])
        return tok

    def qwen(self):
        pre = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(QWEN), "isolated"),
                                       pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
        tok = self.train(*self.bpe(500, [], BYTES), normalizers.NFC(), pre, decoders.ByteLevel())
        tok.add_special_tokens(["<s>"])
        tok.add_tokens(["<mask>"])
        return tok

    def gpt4o(self):
        pre = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(GPT4O), "removed", invert=True),
                                       pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
        return self.train(*self.bpe(450, ["<s>"], BYTES), pre=pre, decoder=decoders.ByteLevel())

    def byte_normalizer(self):
        return self.train(*self.bpe(400, ["<s>"], BYTES), normalizers.ByteLevel(),
                          pre_tokenizers.Split("\u0120", "merged_with_next"), decoders.ByteLevel())

    def sentencepiece(self):
        norm = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
        dec = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
        pre = pre_tokenizers.Split("\u2581", "merged_with_next")
        model, trainer = self.bpe(700, ["<unk>", "<s>", "</s>"] + FALLBACK, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
        tok = self.train(model, trainer, norm, pre, dec)
        tok.pre_tokenizer = None
        tok.post_processor = template(tok, "<s> $A", "<s> $A <s>:1 $B:1")
        return tok

    def metaspace_first(self):
        model, trainer = self.bpe(400, ["<unk>", "<s>", "</s>"], unk_token="<unk>", fuse_unk=True)
        tok = self.train(model, trainer, pre=pre_tokenizers.Metaspace(prepend_scheme="first"),
                         decoder=decoders.Metaspace(prepend_scheme="first"))
        tok.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
        tok.post_processor = template(tok, "<s> $A </s>", "<s> $A </s> $B </s>")
        return tok

    def bert(self):
        tok = self.train(models.WordPiece(unk_token="[UNK]"),
                         trainers.WordPieceTrainer(vocab_size=500, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
                                                   show_progress=False),
                         normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer(), decoders.WordPiece())
        tok.post_processor = template(tok, "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1")
        tok.enable_truncation(20)
        tok.enable_padding(length=20, pad_id=0, pad_token="[PAD]")
        return tok

    def bert_cased(self):
        tok = self.train(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=12),
                         trainers.WordPieceTrainer(vocab_size=400, special_tokens=["[UNK]", "[CLS]", "[SEP]"], show_progress=False),
                         normalizers.BertNormalizer(lowercase=False, strip_accents=True, handle_chinese_chars=False),
                         pre_tokenizers.BertPreTokenizer(), decoders.WordPiece(cleanup=False))
        tok.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
        return tok

    def unigram(self):
        rules = {"\ufb01": "fi", "\u2460": "1", "\uff21": "A", "\uff22": "B", "\u00a0": " ", "\u3000": " ", "e\u0301": "\u00e9",
                 "\u200b": "", "\u0007": "", "\u0085": " ", "\u2122": "TM", "\uff76\uff9e": "\u30ac"}
        pre = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
        tok = self.train(models.Unigram(), trainers.UnigramTrainer(vocab_size=300, special_tokens=["<pad>", "</s>", "<unk>"],
                                                                   unk_token="<unk>", show_progress=False),
                         normalizers.Precompiled(charsmap(rules)), pre, decoders.Metaspace())
        tok.post_processor = template(tok, "$A </s>", "$A </s> $B </s>")
        return tok

    def unigram_bytes(self):
        norm = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")])
        tok = self.train(models.Unigram(), trainers.UnigramTrainer(vocab_size=560, special_tokens=["<unk>", "<s>"] + FALLBACK,
                                                                   unk_token="<unk>", show_progress=False),
                         norm, pre_tokenizers.Metaspace(prepend_scheme="never"),
                         decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="never")]))
        data = json.loads(tok.to_str())
        data["model"]["byte_fallback"] = True
        return Tokenizer.from_str(json.dumps(data))

    def word_level(self):
        norm = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase()])
        tok = self.train(models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(vocab_size=300, special_tokens=["<unk>", "<s>"],
                                                                                       show_progress=False),
                         norm, pre_tokenizers.Whitespace())
        tok.add_tokens([AddedToken("the", single_word=True, normalized=True), AddedToken("[MASK]", rstrip=True, normalized=False)])
        return tok

    def end_of_word(self):
        pre = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(r"<\|.*?\|>|'s|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True)])
        norm = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
        return self.train(*self.bpe(350, ["<unk>", "<s>"], unk_token="<unk>", end_of_word_suffix="</w>"), norm, pre, decoders.BPEDecoder())

    def continuing(self):
        pre = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits(individual_digits=False),
                                       pre_tokenizers.Punctuation("contiguous")])
        return self.train(*self.bpe(350, ["<unk>"], unk_token="<unk>", continuing_subword_prefix="##", limit_alphabet=40),
                          normalizers.NFKD(), pre, decoders.WordPiece())

    def vanishing(self):
        return self.train(*self.bpe(300, ["<s>"], limit_alphabet=50), pre=pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Split(Regex(r"\b"), "merged_with_previous")]))

    def ctc(self):
        vocabulary = {t: i for i, t in enumerate(["<pad>", "<s>", "<unk>", "|"] + [chr(97 + i) for i in range(26)] + ["'"])}
        tok = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
        tok.normalizer = normalizers.Replace(" ", "|")
        tok.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split("|", "isolated"), pre_tokenizers.FixedLength(length=1)])
        tok.decoder = decoders.CTC()
        return tok

    def scripts(self):
        tok = self.train(models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(vocab_size=200, special_tokens=["<unk>"],
                                                                                       show_progress=False),
                         normalizers.NFKC(), pre_tokenizers.Sequence([pre_tokenizers.UnicodeScripts(), pre_tokenizers.CharDelimiterSplit(" "),
                                                                      pre_tokenizers.FixedLength(length=3)]))
        return tok


def plain(e):
    return {"ids": e.ids, "tokens": e.tokens, "offsets": [list(o) for o in e.offsets]}


def full(e):
    return {**plain(e), "type_ids": e.type_ids, "special_tokens_mask": e.special_tokens_mask}


def expected(name, tok):
    tok.no_truncation(), tok.no_padding()
    out = {"name": name, "vocab_size": tok.get_vocab_size(with_added_tokens=False), "vocab_size_with_added": tok.get_vocab_size()}
    out["cases"] = []
    for text in TEXTS:
        e0, e1 = tok.encode(text, add_special_tokens=False), tok.encode(text)
        out["cases"].append({"text": text, "plain": plain(e0), "special": full(e1),
                             "decode_plain": tok.decode(e0.ids, skip_special_tokens=False),
                             "decode_special": tok.decode(e1.ids, skip_special_tokens=False),
                             "decode_special_skip": tok.decode(e1.ids, skip_special_tokens=True)})
    out["pairs"] = []
    for a, b in PAIRS:
        e, f = tok.encode(a, b), tok.encode(a, b, add_special_tokens=False)
        out["pairs"].append({"a": a, "b": b, "special": {**full(e), "sequence_ids": e.sequence_ids},
                             "plain_ids": f.ids, "plain_type_ids": f.type_ids})
    out["pretokenized"] = []
    for words in WORDS:
        e = tok.encode(words, is_pretokenized=True)
        out["pretokenized"].append({"words": words, **plain(e), "word_ids": e.word_ids})
    rng, size = random.Random(7), tok.get_vocab_size()
    lists = [[rng.randrange(size + 1) for _ in range(n)] for n in (1, 2, 3, 5, 8, 13, 21)] + [[], [size + 1000]]
    lists += [tok.encode(TEXTS[28], add_special_tokens=False).ids[k:] for k in (1, 2)]
    out["decode"] = [{"ids": ids, "text": tok.decode(ids, skip_special_tokens=False), "text_skip": tok.decode(ids)} for ids in lists]
    out["stream"] = []
    for text in (TEXTS[11], TEXTS[28] + " " + TEXTS[23]):
        for skip in (True, False):
            ids, stream = tok.encode(text).ids, DecodeStream(skip_special_tokens=skip)
            out["stream"].append({"ids": ids, "skip_special_tokens": skip, "chunks": [stream.step(tok, i) for i in ids]})
    out["truncation"] = []
    a, b = PAIRS[-1]
    for side in ("right", "left"):
        for strategy, pair in (("longest_first", True), ("only_first", True), ("only_second", True), ("longest_first", False)):
            for length, stride in ((12, 0), (13, 3), (30, 1), (5, 2)):
                tok.enable_truncation(length, stride=stride, strategy=strategy, direction=side)
                row = {"max_length": length, "stride": stride, "strategy": strategy, "direction": side,
                       "text": a if pair else LONG, "pair": b if pair else None}
                try:
                    e = tok.encode(a, b) if pair else tok.encode(LONG)
                    row.update(ids=e.ids, type_ids=e.type_ids, offsets=[list(o) for o in e.offsets], overflowing_count=len(e.overflowing),
                               overflowing_ids=[o.ids for o in e.overflowing[:2]],
                               overflowing_offsets=[[list(x) for x in o.offsets] for o in e.overflowing[:2]])
                except BaseException as failure:
                    row["error"] = str(failure)
                out["truncation"].append(row)
    tok.no_truncation()
    out["padding"] = []
    batch = ["", "Hello world", LONG, "a b c"]
    for kw in (dict(direction="right"), dict(direction="left"), dict(direction="right", length=16), dict(direction="left", pad_to_multiple_of=8)):
        tok.enable_padding(pad_id=0, pad_token=tok.id_to_token(0), **kw)
        es = tok.encode_batch(batch)
        out["padding"].append({**{"length": None, "pad_to_multiple_of": None}, **kw, "pad_id": 0, "batch": batch, "ids": [e.ids for e in es],
                               "attention_mask": [e.attention_mask for e in es], "type_ids": [e.type_ids for e in es],
                               "special_tokens_mask": [e.special_tokens_mask for e in es]})
    tok.no_padding()
    return out


def write(path, data):
    """One list entry a line, so that differences stay readable."""
    with open(path, "w", encoding="utf-8") as f:
        f.write("{\n")
        for i, (key, value) in enumerate(data.items()):
            rows = ("[\n" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in value) + "\n]") if isinstance(value, list) else json.dumps(value)
            f.write(json.dumps(key) + ":" + rows + (",\n" if i + 1 < len(data) else "\n"))
        f.write("}\n")


def main():
    maker = Maker(open(sys.argv[1], encoding="utf-8").read().split("\n"))
    for name in [n for n in vars(Maker) if not n.startswith("_") and n not in ("train", "bpe")]:
        tok = getattr(maker, name)()
        folder = os.path.join(sys.argv[2], name)
        os.makedirs(folder, exist_ok=True)
        text = tok.to_str()
        if name == "byte_level":  # the older spelling of merges, and no type
            data = json.loads(text)
            data["model"]["merges"] = [" ".join(m) for m in data["model"]["merges"]]
            del data["model"]["type"]
            text = json.dumps(data, ensure_ascii=False)
        with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as f:
            f.write(text)
        write(os.path.join(folder, "expected.json"), expected(name, Tokenizer.from_str(text)))


if __name__ == "__main__":
    main()
