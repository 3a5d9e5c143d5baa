/** The script of the report page: the page is whole without it, and can be asked with it. */
import { enrichConfusion } from './report/confusion.ts';
import { enrichCurves } from './report/curves.ts';
import { enrichPicker } from './report/picker.ts';
import { enrichPlaying } from './report/playing.ts';
import { enrichFilter, enrichSorting } from './report/tables.ts';

enrichSorting();
enrichFilter();
enrichCurves();
enrichConfusion();
enrichPicker();
enrichPlaying();
