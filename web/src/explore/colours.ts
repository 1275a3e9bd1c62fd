/** Colours a line of code: comments, strings, numbers, keywords, types and names of functions. */

export type Language = "python" | "ir" | "wgsl" | "cuda" | "spirv" | "opencl" | "c";

/** A part of a line; `kind` is the class that styles it, "" for plain text. */
export interface Part {
  readonly text: string;
  readonly kind: "" | "comment" | "string" | "number" | "keyword" | "type" | "name";
}

const C_WORDS =
  "if|else|for|while|return|const|static|struct|void|switch|case|break|continue|extern|inline|restrict|" +
  "__\\w+|asm|volatile|template|typename|using|typedef";
const C_TYPES = "[uif](?:8|16|32|64)(?:x\\d+)?|(?:float|u?int|half|bool|u?char)\\d*|unsigned|size_t";
const C = rules("//.*|/\\*.*?\\*/", C_WORDS, C_TYPES);

const RULES: Readonly<Record<Language, RegExp>> = {
  python: rules(
    "#.*",
    "def|class|return|if|elif|else|for|while|in|not|and|or|is|with|as|lambda|yield|from|import|" +
      "None|True|False|assert|raise|match|case|try|except|self",
    "int|float|str|bool|tuple|list|dict|u32|i32|f32x?\\d*|f16|Any",
  ),
  ir: rules(
    "#.*",
    "for|in|if|else|var|barrier|shared|kernel|fence|inputs_ready|step|stage_\\w+",
    "(?:u32|i32|f32|f16|bool)(?:x\\d)?",
  ),
  wgsl: rules(
    "//.*",
    "let|var|const|fn|for|if|else|return|struct|enable|requires|loop|while|break|continue|switch",
    "vec\\d|array|u32|i32|f32|f16|bool|mat\\dx\\d|atomic|subgroup_matrix_\\w+",
  ),
  cuda: C,
  opencl: C,
  c: C,
  spirv: rules(";.*", "Op\\w+", "%\\w+"),
};

/** One expression: comment, string, number, keyword, type, called name. */
function rules(comment: string, keywords: string, types: string): RegExp {
  const word = "(?<![\\w%.])";
  const string = "\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'";
  const number = `${word}(?:0x[\\da-f]+|\\d[\\d.]*(?:e[+-]?\\d+)?)[ufhl]?`;
  return new RegExp(
    `(${comment})|(${string})|(${number})|${word}(${keywords})(?!\\w)|` +
      `((?<!\\w)(?:${types})(?!\\w))|(\\w+)(?=\\()`,
    "gi",
  );
}

const KINDS = ["comment", "string", "number", "keyword", "type", "name"] as const;
/** Longer lines keep one colour: nobody reads them, and they would take long. */
const LONGEST = 1000;

/** The parts of a line, whose texts together are the line. */
export function coloured(line: string, language: Language): readonly Part[] {
  if (line.length > LONGEST) return [{ text: line, kind: "" }];
  const parts: Part[] = [];
  let at = 0;
  for (const match of line.matchAll(RULES[language])) {
    if (match.index > at) parts.push({ text: line.slice(at, match.index), kind: "" });
    const kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)] ?? "";
    parts.push({ text: match[0], kind });
    at = match.index + match[0].length;
  }
  if (at < line.length) parts.push({ text: line.slice(at), kind: "" });
  return parts;
}
