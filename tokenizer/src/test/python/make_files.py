"""Makes src/test/resources/tokenizer-files: tokenizers in their older forms, and what the libraries that own these forms answer.

    python make_files.py TRAINING_TEXT OUT_DIRECTORY

`sentencepiece` trains and encodes the .model files, `tiktoken` encodes a small vocabulary of byte-level BPE that Hugging Face
`tokenizers` trains. The format of expected.json: one row a text, with its ids and what they decode to.
"""
import base64, json, os, sys
import sentencepiece, tiktoken
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

TEXTS = [
    "", "a", "hello", "Hello, world!", "The keeper climbed two hundred and twelve steps, twice a day.",
    "I'm sure they'LL say we've done it; he'd know, don't, O'Neill's", "1 12 123 1234 3.14 \u0661\u0662 \u00bd", "two  spaces   three",
    " leading", "trailing ", "line\nbreak\ttab", "caf\u00e9 cafe\u0301 \u00c5 \u212b \ufb01n \u2460 \uff21", "\u041f\u0440\u0438\u0432\u0435\u0442 \u4eca\u5929\u5929\u6c14",
    "\U0001f600\u2764\ufe0f \U0001d54f", "unbelievable rewrites, rereading 212 ledgers", "a\u00a0b\u3000c\u200bd", "\u2581 already",
    "no_space.between(words)=true;", "aaaaaaaaaaaaaaaaaaaa",
]
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def save(directory, rows):
    with open(os.path.join(directory, "expected.json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")


def sentence_piece(text, out, name, **options):
    directory = os.path.join(out, name)
    os.makedirs(directory, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(input=text, model_prefix=os.path.join(directory, "tokenizer"), minloglevel=2, **options)
    os.remove(os.path.join(directory, "tokenizer.vocab"))
    sp = sentencepiece.SentencePieceProcessor(model_file=os.path.join(directory, "tokenizer.model"))
    save(directory, [{"text": t, "ids": sp.encode(t), "decoded": sp.decode(sp.encode(t))} for t in TEXTS])


def tik(text, out):
    directory = os.path.join(out, "tiktoken")
    os.makedirs(directory, exist_ok=True)
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.train_from_iterator(open(text, encoding="utf-8"), trainers.BpeTrainer(
        vocab_size=500, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    printable = [b for b in range(256) if 0x21 <= b <= 0x7E or b >= 0xA1 and b != 0xAD]
    byte = {chr(b): b for b in printable}
    byte.update({chr(256 + i): b for i, b in enumerate(b for b in range(256) if b not in printable)})
    vocabulary = sorted(tok.get_vocab().items(), key=lambda e: e[1])
    ranks = {bytes(byte[c] for c in t): i for t, i in vocabulary}
    with open(os.path.join(directory, "small.tiktoken"), "wb") as f:
        for token, rank in ranks.items():
            f.write(base64.b64encode(token) + b" %d\n" % rank)
    enc = tiktoken.Encoding("small", pat_str=LLAMA3, mergeable_ranks=ranks, special_tokens={})
    save(directory, [{"text": t, "ids": enc.encode_ordinary(t), "decoded": t} for t in TEXTS])


def main(text, out):
    sentence_piece(text, out, "sentencepiece_bpe", model_type="bpe", vocab_size=600, byte_fallback=True, character_coverage=0.99,
                   normalization_rule_name="identity", remove_extra_whitespaces=False)
    sentence_piece(text, out, "sentencepiece_unigram", model_type="unigram", vocab_size=400, character_coverage=1.0, normalization_rule_name="identity",
                   user_defined_symbols="<mask>")
    tik(text, out)


main(*sys.argv[1:])
