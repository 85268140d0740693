/** The engine in a browser. */
export { type BrowserLoadOptions, BrowserPyramid } from './browser-pyramid.ts';
export { filesFolder, handleFolder } from './dropped-folder.ts';
export { type OpenFloor, openFloor, type ReadFile } from './floor-only.ts';
export type { FolderSource } from './messages.ts';
export { type Fetched, UrlFolder } from './url-folder.ts';
