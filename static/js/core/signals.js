/* Preact, htm and signals under one roof, so that every module imports its tools from one place. */
import { h, render, Component, Fragment, createContext } from "../../vendor/preact.js";
import { useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useContext } from "../../vendor/hooks.js";
import { signal, computed, effect, batch, useSignal, useComputed, useSignalEffect } from "../../vendor/signals.js";
import htm from "../../vendor/htm.js";

export const html = htm.bind(h);
export {
  h, render, Component, Fragment, createContext,
  useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useContext,
  signal, computed, effect, batch, useSignal, useComputed, useSignalEffect,
};
