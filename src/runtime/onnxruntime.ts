/**
 * ONNX Runtime's binding. In the package it is in dist/onnxruntime-node, so that installing the package runs no foreign
 * script (see scripts/build-runtime.mjs). In a clone without it in dist/, and under a test runner, it is the development
 * dependency.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as OnnxRuntime from 'onnxruntime-node';

const packed = fileURLToPath(new URL('../onnxruntime-node', import.meta.url));
const place = existsSync(packed) ? packed : 'onnxruntime-node';
const require = createRequire(import.meta.url);

export const ort = require(place) as typeof OnnxRuntime;

/** Of ONNX Runtime. */
export const runtimeVersion = (): string => (require(`${place}/package.json`) as { readonly version: string }).version;
