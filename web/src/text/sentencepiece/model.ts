/**
 * A sentencepiece model file (tokenizer.model) as plain data.
 *
 * Source: sentencepiece_model.proto and ModelInterface::InitializePieces of sentencepiece 0.2, whose refusals
 * are repeated here. Only pieces that are valid UTF-8 are taken, as in the Python runtime.
 */

import { bad } from "../fields.js";
import { floatOf, readMessage, textOf, type WireField } from "./protobuf.js";
import { MAX_VOCABULARY } from "../specialTokens.js";

export const SPACE_SYMBOL = "\u2581";
const MAX_PIECE = 8000;

export const PieceType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;
const ALGORITHMS = ["", "unigram", "bpe", "word", "char"] as const;
type Algorithm = (typeof ALGORITHMS)[number];

/** How a text is normalised before it is cut into pieces. */
export interface NormalizerSpec {
  charsmap: Uint8Array;
  addDummyPrefix: boolean;
  removeExtraWhitespaces: boolean;
  escapeWhitespaces: boolean;
  treatWhitespaceAsSuffix: boolean;
}

export interface SentencePieceModel {
  algorithm: Algorithm;
  byteFallback: boolean;
  /** All pieces, by id. */
  readonly pieces: string[];
  readonly scores: number[];
  readonly types: number[];
  /** The first id of each piece. */
  readonly ids: Map<string, number>;
  /** The piece of type unknown, -1 where there is none. */
  unknownId: number;
  bosPiece: string;
  eosPiece: string;
  readonly normalizer: NormalizerSpec;
}

/** The model in the file's bytes; throws KernelcError("bad-artifact") where damaged. */
export function readModel(data: Uint8Array, where: string): SentencePieceModel {
  const model = emptyModel();
  readMessage(data, where, (field) => {
    if (field.number === 1) readPiece(model, field.bytes, where);
    if (field.number === 2) readTrainer(model, field.bytes, where);
    if (field.number === 3) readNormalizer(model.normalizer, field.bytes, where);
  });
  checkPieces(model, where);
  return model;
}

function emptyModel(): SentencePieceModel {
  const normalizer = {
    charsmap: new Uint8Array(0),
    addDummyPrefix: true,
    removeExtraWhitespaces: true,
    escapeWhitespaces: true,
    treatWhitespaceAsSuffix: false,
  };
  const [pieces, scores, types]: [string[], number[], number[]] = [[], [], []];
  const names = { algorithm: "unigram" as Algorithm, byteFallback: false, bosPiece: "<s>", eosPiece: "</s>" };
  return { ...names, pieces, scores, types, ids: new Map(), unknownId: -1, normalizer };
}

function readPiece(model: SentencePieceModel, data: Uint8Array, where: string): void {
  let [piece, score, type]: [string, number, number] = ["", 0, PieceType.normal];
  readMessage(data, where, (field) => {
    if (field.number === 1) piece = pieceText(field, where, model.pieces.length);
    if (field.number === 2) score = floatOf(field, where);
    if (field.number === 3) type = field.integer;
  });
  if (model.pieces.length >= MAX_VOCABULARY) throw damaged(where, `more than ${MAX_VOCABULARY} pieces`);
  model.pieces.push(piece);
  model.scores.push(score);
  model.types.push(type);
}

function pieceText(field: WireField, where: string, id: number): string {
  if (field.bytes.length >= MAX_PIECE) throw damaged(where, `piece ${id} has ${field.bytes.length} bytes`);
  return textOf(field, where);
}

function readTrainer(model: SentencePieceModel, data: Uint8Array, where: string): void {
  readMessage(data, where, (field) => {
    if (field.number === 3) model.algorithm = ALGORITHMS[field.integer] ?? "";
    if (field.number === 24) model.normalizer.treatWhitespaceAsSuffix = field.integer !== 0;
    if (field.number === 35) model.byteFallback = field.integer !== 0;
    if (field.number === 46) model.bosPiece = textOf(field, where) || "<s>";
    if (field.number === 47) model.eosPiece = textOf(field, where) || "</s>";
  });
}

function readNormalizer(spec: NormalizerSpec, data: Uint8Array, where: string): void {
  readMessage(data, where, (field) => {
    if (field.number === 2) spec.charsmap = field.bytes;
    if (field.number === 3) spec.addDummyPrefix = field.integer !== 0;
    if (field.number === 4) spec.removeExtraWhitespaces = field.integer !== 0;
    if (field.number === 5) spec.escapeWhitespaces = field.integer !== 0;
  });
}

/** Index the pieces, and refuse what sentencepiece refuses. */
function checkPieces(model: SentencePieceModel, where: string): void {
  if (model.pieces.length === 0) throw damaged(where, "it has no pieces");
  const bytes = new Set<number>();
  model.pieces.forEach((piece, id) => {
    // Some converters put it there.
    if (piece === "\0" && model.byteFallback) model.types[id] = PieceType.unused;
    if (piece === "\0" && model.types[id] === PieceType.unused) return;
    if (!piece || piece.includes("\0"))
      throw damaged(where, `piece ${id} is ${piece ? "not a text" : "empty"}`);
    if (model.ids.has(piece)) throw damaged(where, `piece ${id} repeats piece ${model.ids.get(piece)}`);
    model.ids.set(piece, id);
    checkType(model, id, bytes, where);
  });
  if (model.unknownId < 0 && !model.byteFallback)
    throw damaged(where, "it has no piece for unknown characters");
  if (model.byteFallback && bytes.size !== 256)
    throw damaged(where, `it has ${bytes.size} byte pieces, wanted 256`);
}

function checkType(model: SentencePieceModel, id: number, bytes: Set<number>, where: string): void {
  const type = model.types[id];
  if (type === PieceType.unknown) {
    if (model.unknownId >= 0)
      throw damaged(where, `pieces ${model.unknownId} and ${id} are both the unknown one`);
    model.unknownId = id;
  }
  if (type === PieceType.byte) {
    const byte = byteOf(model.pieces[id] ?? "");
    if (byte < 0 || !model.byteFallback) throw damaged(where, `piece ${id} may not be a byte`);
    bytes.add(byte);
  }
}

/** The byte that a piece such as "<0x0A>" stands for; -1 for other pieces. */
export function byteOf(piece: string): number {
  const match = /^<0x([0-9A-F]{2})>$/.exec(piece);
  return match ? Number.parseInt(match[1] ?? "", 16) : -1;
}

function damaged(where: string, reason: string): Error {
  return bad(where, `not a sentencepiece model: ${reason}`);
}
