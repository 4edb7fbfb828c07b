"""Renders the templates of this folder with jinja2, set up as transformers does, and records what comes out.

    python make_expected.py

Reads snippets.txt and variables.json, writes snippets.json. Reads cases.json of every folder with a template.jinja,
writes its expected.json. Needs transformers; strftime_now is fixed at 2025-03-09 08:05:07.
"""
import datetime, json, os
import jinja2, transformers
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils as ctu

HERE = os.path.dirname(os.path.abspath(__file__))
NOW = datetime.datetime(2025, 3, 9, 8, 5, 7)


class Fixed(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2025, 3, 9, 8, 5, 7)


ctu.datetime = Fixed


def error(e):
    if type(e) is jinja2.exceptions.TemplateError:
        return {"kind": "raise_exception", "message": str(e)}
    if isinstance(e, jinja2.exceptions.UndefinedError):
        return {"kind": "undefined", "message": str(e)}
    if isinstance(e, jinja2.exceptions.SecurityError):
        return {"kind": "security", "message": str(e)}
    if isinstance(e, (jinja2.exceptions.TemplateSyntaxError, SyntaxError)):
        return {"kind": "syntax", "message": str(e)}
    if isinstance(e, OverflowError) and "MAX_RANGE" in str(e):
        return {"kind": "limit", "message": str(e)}
    if isinstance(e, ValueError) and "continue_final_message" in str(e):
        return {"kind": "continue_final_message", "message": str(e).split("!")[0] + "!"}
    if isinstance(e, ValueError) and "empty conversation" in str(e):
        return {"kind": "empty_conversation", "message": str(e)}
    return {"kind": "python", "message": str(e)}


def snippets():
    variables = json.load(open(os.path.join(HERE, "variables.json"), encoding="utf-8"))
    rows, section, pending = [], "", ""
    for line in open(os.path.join(HERE, "snippets.txt"), encoding="utf-8", newline="\n"):
        line = pending + line.rstrip("\n")
        pending = ""
        if line.endswith("\\"):
            pending = line + "\n"
            continue
        if line.startswith("## "):
            section = line[3:]
        if not line or line.startswith("# ") or line.startswith("## "):
            continue
        fails = line.startswith("! ")
        source = line[2:] if fails else line
        if section == "white space":
            for escape, char in (("\\r", "\r"), ("\\n", "\n"), ("\\t", "\t"), ("\\u00a0", "\u00a0"), ("\\u3000", "\u3000")):
                source = source.replace(escape, char)
        row = {"section": section, "template": source}
        try:
            row["text"] = ctu._compile_jinja_template(source).render(**variables)
        except Exception as e:
            row["error"] = error(e)
        if fails != ("error" in row):
            print("unexpected:", row)
        rows.append(row)
    write("snippets.json", {"now": NOW.isoformat()}, rows)


def write(name, head, rows):
    head = {"transformers": transformers.__version__, "jinja2": jinja2.__version__, **head}
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as f:
        f.write(json.dumps(head)[:-1] + ',\n"cases":[\n' + ",\n".join(json.dumps(r) for r in rows) + "\n]}\n")
    print(name, len(rows), "cases,", sum("error" in r for r in rows), "errors")


def folder(name):
    template = open(os.path.join(HERE, name, "template.jinja"), encoding="utf-8", newline="").read()
    data = json.load(open(os.path.join(HERE, name, "cases.json"), encoding="utf-8"))
    tok = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), **data["special_tokens"])
    rows = []
    for case in data["cases"]:
        row = dict(case)
        kwargs = {**{k: case[k] for k in ("tools", "documents") if k in case}, **case.get("kwargs", {})}
        try:
            row["text"] = tok.apply_chat_template(json.loads(json.dumps(case["messages"])), chat_template=template,
                                                  tokenize=False, **kwargs)
            if "{% generation %}" in template and "continue_final_message" not in kwargs:
                tools, documents, prompt = kwargs.pop("tools", None), kwargs.pop("documents", None), kwargs.pop("add_generation_prompt", False)
                text, spans = ctu._render_with_assistant_indices(ctu._compile_jinja_template(template), case["messages"], tools,
                                                                 documents, prompt, **tok.special_tokens_map, **kwargs)
                assert text == row["text"]
                row["generation_spans"] = spans
        except Exception as e:
            row["error"] = error(e)
        rows.append(row)
    write(os.path.join(name, "expected.json"), {"special_tokens": data["special_tokens"], "now": NOW.isoformat()}, rows)


if __name__ == "__main__":
    snippets()
    for name in sorted(os.listdir(HERE)):
        if os.path.exists(os.path.join(HERE, name, "cases.json")):
            folder(name)
